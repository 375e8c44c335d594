-- The sales features of many points as somebody would write them for DuckDB alone: the baseline of
-- `make bench-features`. It gives the columns that `finished` takes, and must give equal values.
WITH known AS MATERIALIZED (
    SELECT p.point, p.as_of_day, p.year_before_day, r.event_day, p.as_of_day - r.event_day AS age,
        r.channel, r.buyer, r.entry = 'sale' AS is_sale,
        coalesce(r.refund_cause = 'seller', false) AS is_caused, r.gross, r.refund,
        r.gross - r.discount AS sold, r.gross - r.discount - r.refund AS net
    FROM points p JOIN order_lines r USING (founder_id)
    WHERE r.event_day <= p.as_of_day AND r.learned_at < p.as_of_end AND r.recorded_at <= p.known_at
        AND r.held IS NULL AND (r.superseded_recorded_at IS NULL
            OR r.superseded_learned_at >= p.as_of_end OR r.superseded_recorded_at > p.known_at)
),
gaps AS MATERIALIZED (
    SELECT * FROM (
        SELECT point, event_day, age,
            lag(event_day) OVER (PARTITION BY point ORDER BY event_day) AS previous_day
        FROM known WHERE is_sale
    ) WHERE age < 730 AND event_day > previous_day + 1
),
channels AS MATERIALIZED (
    SELECT point, channel, min(event_day) AS first_sold, max(event_day) AS last_sold,
        coalesce(sum(sold) FILTER (age < 182), 0)::DOUBLE AS sold,
        count(*) FILTER (age < 182) AS orders
    FROM known WHERE is_sale GROUP BY ALL
),
declared AS (
    SELECT p.point, p.as_of_day, r.event_day AS first, least(r.ends_day, p.as_of_day) AS last
    FROM points p JOIN pauses r USING (founder_id)
    WHERE r.event_day <= p.as_of_day AND r.learned_at < p.as_of_end AND r.recorded_at <= p.known_at
        AND r.held IS NULL AND (r.superseded_recorded_at IS NULL
            OR r.superseded_learned_at >= p.as_of_end OR r.superseded_recorded_at > p.known_at)
),
pauses_by_length AS (
    SELECT point, last - first + 1 AS length, first FROM declared WHERE last > as_of_day - 730
    UNION ALL
    SELECT point, event_day - previous_day - 1, previous_day + 1 FROM gaps
),
intervals AS (
    SELECT point, first, first + least(length, 120) - 1 AS last, 0 AS is_event FROM (
        SELECT DISTINCT ON (point) point, first, length
        FROM pauses_by_length ORDER BY point, length DESC, first DESC
    )
    UNION ALL
    SELECT c.point, e.event_day, least(e.ends_day, p.as_of_day), 1
    FROM channels c JOIN points p USING (point) JOIN platform_events e USING (channel)
    WHERE e.event_day <= p.as_of_day AND e.learned_at < p.as_of_end AND e.recorded_at <= p.known_at
        AND (e.superseded_recorded_at IS NULL OR e.superseded_learned_at >= p.as_of_end
            OR e.superseded_recorded_at > p.known_at)
        AND c.first_sold <= e.event_day AND c.last_sold > e.event_day - 90
        AND p.as_of_day - e.event_day < 730
),
apart AS (
    SELECT point, last, is_event, greatest(first, 1 + coalesce(max(last) OVER (
        PARTITION BY point ORDER BY first, last ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ), -1000000)) AS first
    FROM intervals
),
placed AS (
    SELECT *, row_number() OVER (PARTITION BY point ORDER BY is_event, last DESC) AS place
    FROM apart WHERE first <= last
),
neutral AS MATERIALIZED (
    SELECT p.point, p.as_of_day, p.year_before_day,
        coalesce(max(first) FILTER (place = 1), -1000000) AS f0,
        coalesce(max(last) FILTER (place = 1), -1000000) AS l0,
        coalesce(max(first) FILTER (place = 2), -1000000) AS f1,
        coalesce(max(last) FILTER (place = 2), -1000000) AS l1,
        coalesce(max(first) FILTER (place = 3), -1000000) AS f2,
        coalesce(max(last) FILTER (place = 3), -1000000) AS l2
    FROM points p LEFT JOIN placed USING (point) GROUP BY ALL
),
windows AS (
    SELECT point, name, days - greatest(least(l0, ends) - greatest(f0, ends - days + 1) + 1, 0)
        - greatest(least(l1, ends) - greatest(f1, ends - days + 1) + 1, 0)
        - greatest(least(l2, ends) - greatest(f2, ends - days + 1) + 1, 0) AS counted
    FROM neutral, LATERAL (VALUES ('month', as_of_day, 30), ('quarter', as_of_day, 90),
        ('half', as_of_day, 180), ('before', as_of_day - 90, 90), ('season', year_before_day, 90)
    ) AS w(name, ends, days)
),
days_that_counted AS MATERIALIZED (
    SELECT point, max(counted) FILTER (name = 'month') AS d_month,
        max(counted) FILTER (name = 'quarter') AS d_quarter,
        max(counted) FILTER (name = 'half') AS d_half,
        max(counted) FILTER (name = 'before') AS d_before,
        max(counted) FILTER (name = 'season') AS d_season
    FROM windows GROUP BY point
),
lines AS MATERIALIZED (
    SELECT k.*, age - greatest(l0 - greatest(f0 - 1, event_day), 0)
            - greatest(l1 - greatest(f1 - 1, event_day), 0)
            - greatest(l2 - greatest(f2 - 1, event_day), 0) AS clock,
        NOT (event_day BETWEEN f0 AND l0 OR event_day BETWEEN f1 AND l1
            OR event_day BETWEEN f2 AND l2) AS counted
    FROM known k JOIN neutral n USING (point)
),
sums AS (
    SELECT point, count(*) FILTER (is_sale) AS records,
        min(event_day) FILTER (is_sale) AS first_day, max(event_day) FILTER (is_sale) AS last_day,
        max(age) AS oldest, max(age) FILTER (is_sale) AS oldest_sale,
        sum(net) FILTER (age < 180) AS net_180, count(*) FILTER (is_sale AND age < 180) AS n_180,
        sum(sold) FILTER (is_sale AND age < 180) AS sold_180,
        min(clock) FILTER (is_sale) AS last_clock,
        sum(refund) FILTER (age < 365 AND is_caused) AS caused,
        sum(gross) FILTER (age < 365) AS gross_365, count(*) FILTER (age < 365 AND is_sale) AS n_365,
        count(*) FILTER (age < 365 AND NOT is_sale AND is_caused) AS cancelled,
        greatest(coalesce(sum(net) FILTER (age < 30 AND counted), 0), 0) AS net_month,
        greatest(coalesce(sum(net) FILTER (age < 90 AND counted), 0), 0) AS net_quarter,
        greatest(coalesce(sum(net) FILTER (age < 180 AND counted), 0), 0) AS net_half,
        greatest(coalesce(sum(net) FILTER (age BETWEEN 90 AND 179 AND counted), 0), 0)
            AS net_before,
        count(*) FILTER (is_sale AND counted AND age BETWEEN 90 AND 179) AS n_before,
        greatest(coalesce(sum(net) FILTER (event_day BETWEEN year_before_day - 89
            AND year_before_day AND counted), 0), 0) AS net_season,
        count(*) FILTER (is_sale AND counted AND event_day BETWEEN year_before_day - 89
            AND year_before_day) AS n_season,
        count(*) FILTER (is_sale AND counted AND age < 180) AS n_half
    FROM lines GROUP BY point
),
rates AS (
    SELECT s.*, n.as_of_day, n.year_before_day,
        CASE WHEN d_month >= 15 THEN net_month::DOUBLE / nullif(d_month, 0) END AS r_month,
        CASE WHEN d_quarter >= 45 THEN net_quarter::DOUBLE / nullif(d_quarter, 0) END AS r_quarter,
        CASE WHEN d_half >= 90 THEN net_half::DOUBLE / nullif(d_half, 0) END AS r_half,
        CASE WHEN d_before >= 45 THEN net_before::DOUBLE / nullif(d_before, 0) END AS r_before,
        CASE WHEN d_season >= 45 THEN net_season::DOUBLE / nullif(d_season, 0) END AS r_season
    FROM sums s JOIN neutral n USING (point) JOIN days_that_counted USING (point)
),
growth AS (
    SELECT *,
        CASE WHEN first_day <= year_before_day - 89 AND n_season >= 4
            THEN r_quarter / nullif(r_season, 0) END AS by_season,
        CASE WHEN first_day <= as_of_day - 179 AND n_before >= 4
            THEN r_quarter / nullif(r_before, 0) END AS by_quarter
    FROM rates
),
longest AS (
    SELECT point, max(event_day - previous_day - 1
        - greatest(l0 - greatest(f0 - 1, previous_day), 0)
        + greatest(l0 - greatest(f0 - 1, event_day), 0)
        - greatest(l1 - greatest(f1 - 1, previous_day), 0)
        + greatest(l1 - greatest(f1 - 1, event_day), 0)
        - greatest(l2 - greatest(f2 - 1, previous_day), 0)
        + greatest(l2 - greatest(f2 - 1, event_day), 0)) AS gap
    FROM gaps JOIN neutral USING (point) WHERE age < 365 GROUP BY point
),
weeks AS (
    SELECT point, week, coalesce(sum(sold) FILTER (is_sale AND counted), 0)::DOUBLE AS sold,
        max(clock) FILTER (is_sale AND counted) AS oldest
    FROM (SELECT *, clock // 7 AS week FROM lines) GROUP BY ALL
),
whole_weeks AS (
    SELECT *, coalesce((max(oldest) OVER (PARTITION BY point) + 1) // 7, 0) AS weeks FROM weeks
),
by_week AS (
    SELECT point, weeks, least(weeks, 26)::DOUBLE AS n,
        count(*) FILTER (oldest IS NOT NULL AND week < 26) AS active_26,
        count(*) FILTER (oldest IS NOT NULL AND week < 52) AS active_52,
        sum(sold) FILTER (week < least(weeks, 26)) / nullif(least(weeks, 26), 0) AS mean,
        sum(sold * sold) FILTER (week < least(weeks, 26)) / nullif(least(weeks, 26), 0) AS squares
    FROM whole_weeks GROUP BY point, weeks
),
by_channel AS (
    SELECT point, sum(sold * sold) / nullif(greatest(sum(sold) * sum(sold), 0), 0) AS hhi,
        sum(orders) AS orders, least(count(*) FILTER (orders >= 3), 5) AS wide
    FROM channels GROUP BY point
),
by_buyer AS (
    SELECT point, count(*) AS buyers, count(*) FILTER (last_day > first_day) AS again,
        max(sold)::DOUBLE / nullif(greatest(sum(sold), 0), 0)::DOUBLE AS top
    FROM (
        SELECT point, buyer, min(event_day) AS first_day, max(event_day) AS last_day,
            sum(sold) AS sold
        FROM known WHERE is_sale AND age < 365 AND buyer IS NOT NULL GROUP BY ALL
    ) GROUP BY point
)
SELECT p.point, nullif(records, 0) AS records, first_day, last_day,
    coalesce(net_180, 0) * 30 / greatest(least(oldest + 1, 180), 30) AS monthly_net_sales_180d,
    n_180 * 30.0::DOUBLE / greatest(least(oldest + 1, 180), 30) AS monthly_orders_180d,
    CASE WHEN n_180 >= 5 THEN sold_180::DOUBLE / n_180 END AS average_order_180d,
    w.active_26 AS active_weeks_share_182d__numerator,
    least(w.weeks, 26) AS active_weeks_share_182d__denominator,
    w.active_52 AS active_weeks_share_364d__numerator,
    least(w.weeks, 52) AS active_weeks_share_364d__denominator,
    l.gap AS longest_gap_days_365d,
    last_clock AS days_since_last_sale,
    coalesce(caused, 0)::DOUBLE / nullif(greatest(gross_365, 0), 0)::DOUBLE * n_365
        AS refund_share_365d__numerator,
    n_365 AS refund_share_365d__denominator,
    cancelled AS cancelled_share_365d__numerator, n_365 AS cancelled_share_365d__denominator,
    least((oldest + 1) // 30, 24) AS sales_history_months,
    coalesce(by_season, by_quarter) * CASE WHEN by_season IS NULL THEN n_before ELSE n_season END
        AS sales_growth_90d__numerator,
    CASE WHEN by_season IS NULL THEN n_before ELSE n_season END AS sales_growth_90d__denominator,
    CASE WHEN oldest_sale >= 179 THEN r_month / nullif(r_half, 0) END * n_half
        AS last_30d_over_180d__numerator,
    n_half AS last_30d_over_180d__denominator,
    sqrt(greatest(w.squares - w.mean * w.mean, 0)) / nullif(greatest(w.mean, 0), 0) * w.n
        AS weekly_volatility_182d__numerator,
    w.n AS weekly_volatility_182d__denominator,
    c.hhi * c.orders AS channel_concentration_182d__numerator,
    c.orders AS channel_concentration_182d__denominator,
    CASE WHEN c.orders > 0 THEN c.wide END AS channels_182d,
    b.again AS repeat_buyer_share_365d__numerator,
    b.buyers AS repeat_buyer_share_365d__denominator,
    b.top * b.buyers AS top_buyer_share_365d__numerator,
    b.buyers AS top_buyer_share_365d__denominator
FROM points p LEFT JOIN growth g USING (point) LEFT JOIN longest l USING (point)
    LEFT JOIN by_week w USING (point) LEFT JOIN by_channel c USING (point)
    LEFT JOIN by_buyer b USING (point)
