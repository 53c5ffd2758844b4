-- Version 3. All that tenants make long counts as their org's: verdicts, errors, and the responses that are kept for duplicates.
-- Handlers keep things.

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

-- What handlers keep. The value comes last: reading the rest does not touch it.
CREATE TABLE kv (
    org TEXT NOT NULL,
    project TEXT NOT NULL,
    key TEXT NOT NULL,
    version INTEGER NOT NULL,
    expires INTEGER,        -- none for what stays
    bytes INTEGER NOT NULL, -- its part of its space's
    value BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX kv_by_key ON kv (org, project, key);
CREATE INDEX kv_by_expiry ON kv (org, project, expires) WHERE expires IS NOT NULL;

-- What each project's handlers have, kept beside every change. A version is never given twice, so a row stays for good.
CREATE TABLE kv_spaces (
    org TEXT NOT NULL,
    project TEXT NOT NULL,
    version INTEGER NOT NULL, -- of the last change
    keys INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (org, project)
) STRICT, WITHOUT ROWID;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('kv', 'kv_by_key', '1000000 100000 10000 1'),
    ('kv', 'kv_by_expiry', '1000000 100000 10000 10');

ANALYZE sqlite_schema;
