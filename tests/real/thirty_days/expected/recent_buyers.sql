select distinct contact
from line
where not cancelled and happened > getvariable('as_of') - interval 7 days
