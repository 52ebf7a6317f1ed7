-- Nearest are those whom only the exclusion keeps out.
with bought as (
    from line where not cancelled and occurred_at > getvariable('as_of') - interval 30 days
),
told as (
    select contact, count(order_id) as lines, list(evidence) filter (evidence is not null) as evidence
    from customer left join bought using (contact)
    group by contact
)
select
    contact,
    lines as found_1,
    evidence as rows_1,
    often_cancelled.member as found_2,
    customer.country as found_3,
    lines >= 1 and not (often_cancelled.member or customer.country in ('EIRE', 'Germany')) as member,
    if(lines >= 1, 0, 1) as distance
from told join customer using (contact) join often_cancelled using (contact)
