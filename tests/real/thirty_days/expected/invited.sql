select contact
from customer
where contact in ('17850', '12748', '12370', '16327', '17338', '12413', '99999')
