select contact
from line
where not cancelled
group by contact
having (epoch_us(getvariable('as_of')) - epoch_us(max(happened))) // 86400000000 between 7 and 13
