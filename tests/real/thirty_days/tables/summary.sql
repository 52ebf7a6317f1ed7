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
from found_analytics
group by all
