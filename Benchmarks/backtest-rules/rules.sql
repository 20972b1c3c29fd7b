-- The rules of the pattern files beside this one, as DuckDB answers them: of each drive the first day on which each rule
-- holds. {file} is a daily history in Backblaze's columns without missing days, {columns} the types of its columns.
--
-- An increase lies between two readings, so that of a window of 7 days those of the last 7 rows count, this one included.
-- These counters are persistent: one that falls counts nothing (but from the top sixteenth of 16 bits into the bottom one,
-- where it wrapped), and a return within a day counts only what lies above where it was. What is blank is unknown: it
-- neither holds nor breaks a run of days.
CREATE OR REPLACE TEMP MACRO wrapped(old, new) AS old < 65536 AND old >= 61440 AND new < 4096;
-- Values of this reading and of the three before it, and days since the one before.
CREATE OR REPLACE TEMP MACRO rise(new, old, older, oldest, days) AS CASE
    WHEN new IS NULL OR old IS NULL THEN 0
    WHEN new < old THEN CASE WHEN wrapped(old, new) THEN 65536 - old + new ELSE 0 END
    WHEN days <= 1 AND older > old THEN CASE
        WHEN wrapped(older, old) THEN CASE WHEN new >= older THEN new - older ELSE new - old END
        ELSE greatest(0, new - greatest(older, coalesce(oldest, 0))) END
    ELSE new - old END;
WITH history AS (
    SELECT serial_number AS drive, date, smart_5_raw AS a5, smart_187_raw AS a187, smart_188_raw AS a188,
        smart_197_raw AS a197, smart_198_raw AS a198
    FROM read_csv('{file}', header = true, columns = {columns})
), before AS (
    SELECT *, lag(a5 IGNORE NULLS) OVER life AS b5, lag(a5, 2 IGNORE NULLS) OVER life AS c5,
        lag(a5, 3 IGNORE NULLS) OVER life AS d5,
        date_diff('day', lag(CASE WHEN a5 IS NOT NULL THEN date END IGNORE NULLS) OVER life, date) AS days5,
        lag(a187 IGNORE NULLS) OVER life AS b187, lag(a187, 2 IGNORE NULLS) OVER life AS c187,
        lag(a187, 3 IGNORE NULLS) OVER life AS d187,
        date_diff('day', lag(CASE WHEN a187 IS NOT NULL THEN date END IGNORE NULLS) OVER life, date) AS days187,
        lag(a188, 1 IGNORE NULLS) OVER life AS b188, lag(a188, 2 IGNORE NULLS) OVER life AS c188,
        lag(a197 IGNORE NULLS) OVER life AS b197
    FROM history
    WINDOW life AS (PARTITION BY drive ORDER BY date)
), rises AS (
    SELECT *, rise(a5, b5, c5, d5, days5) AS r5, rise(a187, b187, c187, d187, days187) AS r187
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
