-- Who has not bought by then has no last purchase: null, and not a member.
select
    contact,
    (epoch_us(getvariable('as_of')) - epoch_us(max(occurred_at))) // 86400000000 as found_1,
    list(evidence) filter (evidence is not null) as rows_1,
    coalesce(found_1 between 90 and 179, false) as member,
    abs(found_1 - 90) as distance
from customer left join (from line where not cancelled) using (contact)
group by contact
