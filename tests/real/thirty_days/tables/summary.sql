-- `analytics` is what expected/analytics.sql found as of the last run.
select
    segment,
    strftime(day, '%Y-%m') as month,
    count(*) as days,
    arg_min(members, day) as first_count,
    arg_max(members, day) as last_count,
    sum(conversions)::bigint as conversions,
    sum(revenue) as revenue,
    sum(entered)::bigint as entered,
    sum(exited)::bigint as exited
from analytics
group by all
order by segment, month
