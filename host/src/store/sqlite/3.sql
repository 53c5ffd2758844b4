-- Version 3. All that tenants make long counts as their org's: verdicts, errors, and the responses that are kept for duplicates.

UPDATE events SET bytes = bytes + length(CAST(verdicts AS BLOB));

ALTER TABLE deliveries ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0; -- its part of its org's usage: what its attempts say
UPDATE deliveries SET bytes =
    (SELECT coalesce(sum(length(CAST(attempt.value ->> 'error' AS BLOB))), 0) FROM json_each(attempts) AS attempt);

ALTER TABLE sessions ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0; -- the same, and why it ended
UPDATE sessions SET bytes = coalesce(length(CAST(reason AS BLOB)), 0)
    + (SELECT coalesce(sum(length(CAST(attempt.value ->> 'error' AS BLOB))), 0) FROM json_each(attempts) AS attempt);

ALTER TABLE dedup ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0; -- the same: the response
UPDATE dedup SET bytes = coalesce(length(body), 0)
    + (SELECT coalesce(sum(length(CAST(field.value ->> 0 AS BLOB)) + length(CAST(field.value ->> 1 AS BLOB))), 0)
       FROM json_each(headers) AS field)
WHERE status IS NOT NULL;

UPDATE usage SET bytes = (SELECT coalesce(sum(bytes), 0) FROM events WHERE events.org = usage.org)
    + (SELECT coalesce(sum(bytes), 0) FROM deliveries WHERE deliveries.org = usage.org)
    + (SELECT coalesce(sum(bytes), 0) FROM sessions WHERE sessions.org = usage.org)
    + (SELECT coalesce(sum(bytes), 0) FROM logs WHERE logs.org = usage.org)
    + (SELECT coalesce(sum(bytes), 0) FROM dedup WHERE dedup.org = usage.org);
