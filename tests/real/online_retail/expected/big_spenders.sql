-- Customer 15389 spent exactly 500.00 in either half year: the sum must be exact to keep them out.
with bought as (
    from line where not cancelled and occurred_at > getvariable('as_of') - interval 6 months
)
select
    contact,
    coalesce(sum(revenue), 0) as found_1,
    list(evidence) filter (evidence is not null) as rows_1,
    found_1 > 500 as member,
    abs(found_1 - 500) as distance
from customer left join bought using (contact)
group by contact
