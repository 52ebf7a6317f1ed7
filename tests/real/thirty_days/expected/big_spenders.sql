select contact
from line
where not cancelled and happened > getvariable('as_of') - to_days(getvariable('spent_within'))
group by contact
having sum(revenue) > getvariable('spent')
