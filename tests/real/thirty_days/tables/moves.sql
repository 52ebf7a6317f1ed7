-- Who came and went in one run, and the last of the steps time, data and definition that turned it.
insert into move
with sides as (
    select
        segment,
        contact,
        bool_or(step = 'before') as before,
        bool_or(step = 'time') as later,
        bool_or(step = 'data') as fed,
        bool_or(step = 'definition') as after
    from step
    where run = getvariable('run')
    group by segment, contact
)
select
    getvariable('run') as run,
    getvariable('as_of') as happened,
    segment,
    contact,
    after as entered,
    case
        when segment = 'regulars' and getvariable('pinned')
            and (contact, after) in (select (pin.contact, pin.inside) from pin) then 'pin'
        when run = 1 or after <> fed then 'definition changed'
        when fed <> later then 'data changed'
        else 'time passed'
    end as reason
from sides
where after <> before
