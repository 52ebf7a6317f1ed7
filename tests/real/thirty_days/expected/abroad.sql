select distinct contact
from line join customer using (contact)
where not cancelled and customer.country <> 'United Kingdom'
