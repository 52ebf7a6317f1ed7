select distinct contact
from line
where cancelled and happened > getvariable('as_of') - interval 10 days
