-- Weeks start on Mondays; each is looked at by the last run on or before its Sunday.
with entered as (
    select segment, contact, date_trunc('week', min(day))::date as cohort_week
    from move join run on number = run
    where entered
    group by all
),
week as (
    select unnest(generate_series((select min(cohort_week) from entered), max(day), interval 7 days))::date as week
    from run
),
sunday as (
    select week, max(number) as run from week join run on day < week + interval 7 days group by week
),
cohort as (
    select segment, cohort_week, count(*) as size from entered group by all
),
held as (
    select segment, cohort_week, week, count(*) as retained
    from sunday join published using (run) join entered using (segment, contact)
    group by all
)
select segment, cohort_week, week, (week - cohort_week) // 7 as weeks, size, coalesce(retained, 0) as retained
from cohort join week on week >= cohort_week left join held using (segment, cohort_week, week)
