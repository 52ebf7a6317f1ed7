-- A purchase counts for those who were members by the last run before it; Tokyo has no summer time.
with known as (
    from run where number <= getvariable('run')
),
life as (
    select segment, min(known.day) as first from move join known on number = run group by segment
),
day as (
    select segment, unnest(generate_series(first, (select max(day) from known), interval 1 day))::date as day
    from life
),
evening as (
    select segment, day.day, max(number) as run from day join known on known.day <= day.day group by all
),
size as (
    select segment, day, count(contact) as members
    from evening left join published using (segment, run)
    group by all
),
moved as (
    select segment, day, count(*) filter (entered) as entered, count(*) filter (not entered) as exited
    from move join known on number = run
    group by all
),
bought as (
    select contact, known.number as run, (happened + interval 9 hours)::date as day, revenue
    from source asof join known on happened >= as_of
    where not cancelled and source.arrived <= getvariable('arrived')
),
counted as (
    select segment, day, count(*) as lines, sum(revenue) as revenue
    from bought join published using (run, contact)
    group by all
)
select
    segment,
    day,
    members,
    coalesce(lines, 0) as conversions,
    coalesce(revenue, 0)::decimal(38, 4) as revenue,
    coalesce(entered, 0) as entered,
    coalesce(exited, 0) as exited
from size left join moved using (segment, day) left join counted using (segment, day)
