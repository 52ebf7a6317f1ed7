select contact
from line
where not cancelled
group by contact
having min(happened) > getvariable('as_of') - interval 5 days
