with ordered as (
    select contact
    from line
    where not cancelled and happened > getvariable('as_of') - interval 21 days
    group by contact
    having count(distinct order_id) >= 2
),
pinned as (from pin where getvariable('pinned'))
from ordered where contact not in (select contact from pinned where not inside)
union
select contact from pinned join customer using (contact) where inside
