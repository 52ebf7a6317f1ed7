select
    contact,
    count(distinct order_id) as found_1,
    list(evidence) filter (evidence is not null) as rows_1,
    found_1 > 5 as member,
    abs(found_1 - 5) as distance
from customer left join (from line where cancelled) using (contact)
group by contact
