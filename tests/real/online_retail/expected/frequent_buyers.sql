with bought as (
    from line where not cancelled and occurred_at > getvariable('as_of') - interval 90 days
)
select
    contact,
    count(distinct order_id) as found_1,
    list(evidence) filter (evidence is not null) as rows_1,
    found_1 >= 4 as member,
    abs(found_1 - 4) as distance
from customer left join bought using (contact)
group by contact
