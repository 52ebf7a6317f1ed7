with entered as (
    select distinct date_trunc('week', day)::date as week, segment, contact
    from move join run on number = run
    where entered
),
size as (
    select week, segment, count(*) as size from entered group by all
),
shared as (
    select week, one.segment as a, other.segment as b, count(*) as together
    from entered as one join entered as other using (week, contact)
    group by all
)
select week, one.segment, other.segment, one.size, other.size, coalesce(together, 0)
from size as one
    join size as other using (week)
    left join shared on shared.week = one.week and a = one.segment and b = other.segment
where one.segment < other.segment
