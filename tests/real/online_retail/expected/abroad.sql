-- Nearest are those who fail by one of the two conditions: abroad, but nothing bought as yet.
select
    contact,
    any_value(customer.country) as found_1,
    count(order_id) as found_2,
    list(evidence) filter (evidence is not null) as rows_2,
    found_1 <> 'United Kingdom' and found_2 >= 1 as member,
    if(found_1 <> 'United Kingdom', found_2, 1000000) as distance
from customer left join (from line where not cancelled) using (contact)
group by contact
