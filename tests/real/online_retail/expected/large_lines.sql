-- The lines of customers 17239 and 17536 are worth 25.50 on average, not more: sum and count decide exactly.
select
    contact,
    {'total': sum(revenue), 'lines': count(revenue)} as found_1,
    list(evidence) filter (evidence is not null) as rows_1,
    coalesce(sum(revenue) > 25.5 * count(revenue), false) as member,
    abs(sum(revenue) - 25.5 * count(revenue)) as distance
from customer left join (from line where not cancelled) using (contact)
group by contact
