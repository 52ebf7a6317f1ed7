select contact
from line
where not cancelled and happened > getvariable('as_of') - interval 14 days
group by contact
having sum(revenue) > getvariable('spent')
