with bought as (
    select *, strftime(occurred_at, '%Y-%m') as month from line where not cancelled
)
select
    contact,
    count(*) filter (month = '2010-12') as found_1,
    list(evidence) filter (month = '2010-12') as rows_1,
    count(*) filter (month = '2011-01') as found_2,
    list(evidence) filter (month = '2011-01') as rows_2,
    found_1 >= 1 and found_2 = 0 as member,
    if(found_1 >= 1, found_2, 1000000) as distance
from customer left join bought using (contact)
group by contact
