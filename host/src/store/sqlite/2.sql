-- Version 2. Leases end, deliveries are tried again, keys name events, histories are cut and expire.

ALTER TABLE nodes ADD COLUMN until INTEGER NOT NULL DEFAULT 0;

-- What a request said; all else follows from it and is not kept. The body comes last: reading the rest does not touch it.
ALTER TABLE events RENAME TO events_1;
DROP INDEX events_by_id;
CREATE TABLE events (
    org TEXT NOT NULL,
    id TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    received INTEGER NOT NULL,
    method TEXT NOT NULL,
    url TEXT NOT NULL,
    headers TEXT NOT NULL,  -- JSON: [[name, value], …]
    trailers TEXT NOT NULL, -- JSON: [[name, value], …]
    verdicts TEXT NOT NULL, -- JSON
    redispatched_from TEXT,
    keep TEXT NOT NULL,     -- how much is to stay: full, metadata
    kept TEXT NOT NULL,     -- how much is there: full, metadata
    bytes INTEGER NOT NULL, -- its part of its org's usage
    body BLOB
) STRICT;
INSERT INTO events
SELECT org, id, endpoint, received, method, url, headers, trailers, verdicts, NULL, 'full', 'full',
    1024 + length(CAST(url AS BLOB)) + coalesce(length(body), 0)
        + (SELECT coalesce(sum(length(CAST(field.value ->> 0 AS BLOB)) + length(CAST(field.value ->> 1 AS BLOB))), 0)
           FROM json_each(headers) AS field)
        + (SELECT coalesce(sum(length(CAST(field.value ->> 0 AS BLOB)) + length(CAST(field.value ->> 1 AS BLOB))), 0)
           FROM json_each(trailers) AS field),
    body
FROM events_1;
DROP TABLE events_1;
CREATE UNIQUE INDEX events_by_id ON events (org, id);

-- Sessions that are owed. A row is there only until its session has ended. It repeats what people see of its event, so
-- that a page of sessions is read from these two tables alone, in the order of their keys.
DROP VIEW sessions_and_owed;
ALTER TABLE deliveries RENAME TO deliveries_1;
DROP INDEX deliveries_by_event;
CREATE TABLE deliveries (
    org TEXT NOT NULL,
    session TEXT NOT NULL,
    event TEXT NOT NULL,
    method TEXT NOT NULL,
    trigger TEXT NOT NULL,
    deployment TEXT NOT NULL,
    created INTEGER NOT NULL,
    attempt INTEGER NOT NULL,       -- the number of the next one
    first_attempt INTEGER NOT NULL, -- where the trigger's limit counts from
    due INTEGER NOT NULL,
    lane TEXT,
    keep TEXT NOT NULL,
    interruptions INTEGER NOT NULL,
    attempts TEXT NOT NULL,         -- JSON: those that were made
    owner TEXT NOT NULL,
    PRIMARY KEY (org, session)
) STRICT, WITHOUT ROWID;
INSERT INTO deliveries
SELECT org, session, event, method, trigger, deployment, created, attempt, attempt, created, NULL, 'full', 0, '[]', owner
FROM deliveries_1;
DROP TABLE deliveries_1;
CREATE INDEX deliveries_by_event ON deliveries (org, event, session);
CREATE INDEX deliveries_by_owner ON deliveries (owner, session);

-- Sessions that have ended.
ALTER TABLE sessions ADD COLUMN reason TEXT;
ALTER TABLE sessions ADD COLUMN ended INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN lane TEXT;
ALTER TABLE sessions ADD COLUMN keep TEXT NOT NULL DEFAULT 'full';
-- Version 1 kept one attempt of each, and what it died of only there.
UPDATE sessions SET
    reason = attempts ->> '$[0].error',
    ended = CAST(unixepoch(attempts ->> '$[0].ended_at', 'subsec') * 1000000 AS INTEGER),
    attempts = json_set(attempts, '$[0].outcome', CASE
        WHEN attempts ->> '$[0].fault' IS NOT NULL THEN 'fault'
        WHEN attempts ->> '$[0].error' IS NULL THEN 'succeeded'
        WHEN attempts ->> '$[0].error' LIKE 'the handler asked for a retry%' THEN 'retry'
        ELSE 'rejected'
    END);
CREATE INDEX sessions_by_state ON sessions (org, state, id);
CREATE INDEX sessions_by_trigger ON sessions (org, trigger, id);

-- What the guests of a session wrote, an attempt in a row. An attempt that wrote nothing has none.
ALTER TABLE logs RENAME TO logs_1;
CREATE TABLE logs (
    org TEXT NOT NULL,
    session TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    bytes INTEGER NOT NULL, -- its part of its org's usage
    entries BLOB NOT NULL,  -- JSON, or a Zstandard frame of it
    PRIMARY KEY (org, session, attempt)
) STRICT, WITHOUT ROWID;
INSERT INTO logs
SELECT org, session, attempt,
    (SELECT coalesce(sum(32 + length(CAST(line.value ->> 'message' AS BLOB))
        + (SELECT coalesce(sum(length(CAST(field.value ->> 0 AS BLOB)) + length(CAST(field.value ->> 1 AS BLOB))), 0)
           FROM json_each(coalesce(line.value -> 'fields', '[]')) AS field)), 0)
     FROM json_each(entries) AS line),
    CAST(entries AS BLOB)
FROM logs_1;
DROP TABLE logs_1;

-- By what senders name events, and what the one who waited was told.
CREATE TABLE dedup (
    org TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    key TEXT NOT NULL,
    event TEXT NOT NULL,
    expires INTEGER NOT NULL,
    awaited TEXT,    -- the session whose response the sender waits for
    status INTEGER,  -- none until it has ended
    headers TEXT,    -- JSON: [[name, value], …]
    body BLOB
) STRICT;
CREATE UNIQUE INDEX dedup_by_key ON dedup (org, endpoint, key);
CREATE INDEX dedup_by_event ON dedup (org, event);
CREATE INDEX dedup_by_expiry ON dedup (expires);

-- What each org has. Kept beside every change, since counting it reads everything.
CREATE TABLE usage (
    org TEXT PRIMARY KEY NOT NULL,
    events INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO usage
SELECT org, sum(events), sum(bytes)
FROM (SELECT org, 1 AS events, bytes FROM events UNION ALL SELECT org, 0, bytes FROM logs)
GROUP BY org;

-- As in version 1: without these numbers SQLite takes an org to have ten rows.
DELETE FROM sqlite_stat1 WHERE tbl IN ('sessions', 'deliveries');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('events', 'events_by_id', '1000000 100000 1'),
    ('sessions', 'sessions', '1000000 100000 1'),
    ('sessions', 'sessions_by_event', '1000000 100000 2 1'),
    ('sessions', 'sessions_by_state', '1000000 100000 20000 1'),
    ('sessions', 'sessions_by_trigger', '1000000 100000 5000 1'),
    ('deliveries', 'deliveries', '1000000 100000 1'),
    ('deliveries', 'deliveries_by_event', '1000000 100000 2 1'),
    ('deliveries', 'deliveries_by_owner', '1000000 500000 1');
ANALYZE sqlite_schema;
