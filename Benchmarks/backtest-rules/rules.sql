-- The rules of the pattern files beside this one, as DuckDB answers them: of each drive the first day on which each rule
-- holds. {file} is a daily history in Backblaze's columns without missing days, {columns} the types of its columns.
--
-- An increase lies between two readings, so that of a window of 7 days those of the last 7 rows count, this one included.
-- A counter that falls began anew from zero. What is blank is unknown: it neither holds nor breaks a run of days.
WITH history AS (
    SELECT serial_number AS drive, date, smart_5_raw AS a5, smart_187_raw AS a187, smart_188_raw AS a188,
        smart_197_raw AS a197, smart_198_raw AS a198
    FROM read_csv('{file}', header = true, columns = {columns})
), before AS (
    SELECT *, lag(a5 IGNORE NULLS) OVER life AS b5, lag(a187 IGNORE NULLS) OVER life AS b187,
        lag(a188, 1 IGNORE NULLS) OVER life AS b188, lag(a188, 2 IGNORE NULLS) OVER life AS c188,
        lag(a197 IGNORE NULLS) OVER life AS b197
    FROM history
    WINDOW life AS (PARTITION BY drive ORDER BY date)
), rises AS (
    SELECT *, CASE WHEN b5 IS NULL OR a5 IS NULL THEN 0 WHEN a5 >= b5 THEN a5 - b5 ELSE a5 END AS r5,
        CASE WHEN b187 IS NULL OR a187 IS NULL THEN 0 WHEN a187 >= b187 THEN a187 - b187 ELSE a187 END AS r187
    FROM before
), sums AS (
    SELECT *, sum(r5) OVER week AS week5, count_if(r5 > 0) OVER month AS rises5, sum(r187) OVER month AS month187
    FROM rises
    WINDOW week AS (PARTITION BY drive ORDER BY date RANGE BETWEEN INTERVAL 6 DAYS PRECEDING AND CURRENT ROW),
        month AS (PARTITION BY drive ORDER BY date RANGE BETWEEN INTERVAL 29 DAYS PRECEDING AND CURRENT ROW)
)
SELECT drive,
    min(date) FILTER (a197 >= 16 AND b197 >= 16) AS "pending-held",
    min(date) FILTER (week5 >= 10) AS "reallocated-week",
    min(date) FILTER (month187 >= 1 AND a197 >= 1) AS "reported-and-pending",
    min(date) FILTER (coalesce(a5 > 0, false)::INT + coalesce(a187 > 0, false)::INT + coalesce(a188 > 0, false)::INT
        + coalesce(a197 > 0, false)::INT + coalesce(a198 > 0, false)::INT >= 3) AS "three-of-five",
    min(date) FILTER (rises5 >= 3) AS "rises-of-month",
    min(date) FILTER (a188 >= 100 AND b188 >= 100 AND c188 >= 100) AS "timeouts-held"
FROM sums
GROUP BY drive
