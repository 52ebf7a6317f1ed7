with known as (
    from run where number <= getvariable('run')
),
moved as (
    select
        segment,
        day,
        count(*) filter (entered) as entered,
        count(*) filter (not entered) as exited,
        count(*) filter (reason = 'definition changed') as by_definition,
        count(*) filter (reason = 'data changed') as by_data,
        count(*) filter (reason = 'time passed') as by_time,
        count(*) filter (reason = 'pin') as by_pin,
        max(number) as run
    from move join known on number = run
    group by all
)
select
    segment,
    day,
    count(contact) as size,
    any_value(entered) as entered,
    any_value(exited) as exited,
    any_value(by_definition) as by_definition,
    any_value(by_data) as by_data,
    any_value(by_time) as by_time,
    any_value(by_pin) as by_pin,
    0 as by_other
from moved left join published using (segment, run)
group by segment, day
