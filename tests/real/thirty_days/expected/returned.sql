-- A rule over history sees what earlier runs published.
select distinct contact
from move join recent_buyers using (contact)
where segment = 'quiet' and not entered
    and run < getvariable('run') and happened > getvariable('as_of') - interval 3 days
