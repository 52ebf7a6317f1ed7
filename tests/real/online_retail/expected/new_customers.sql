select
    contact,
    min(occurred_at) as found_1,
    list(evidence) filter (evidence is not null) as rows_1,
    coalesce(found_1 > getvariable('as_of') - interval 60 days, false) as member,
    abs(epoch(found_1) - epoch(getvariable('as_of') - interval 60 days)) as distance
from customer left join (from line where not cancelled) using (contact)
group by contact
