-- The 30 local days up to that of the last run; its day ends at 15:00 UTC.
select segment, contact, count(*) as changes, min(happened), max(happened)
from move
where happened >= (select max(day) from run) + interval 15 hours - interval 30 days
group by all
having changes >= 3
