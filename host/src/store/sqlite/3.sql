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

-- Who may do what, and what is deployed: JSON below an org, a kind and a key. `mark` is by what a record is found without its
-- org, a token's digest or a slug.
CREATE TABLE records (
    org TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    revision INTEGER NOT NULL, -- of the commit that wrote it last
    mark TEXT,
    expires INTEGER,           -- from then on it may be removed
    used INTEGER,              -- when it was used last, where that is noted
    body TEXT NOT NULL,
    PRIMARY KEY (org, kind, key)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX records_by_mark ON records (kind, mark) WHERE mark IS NOT NULL;
CREATE INDEX records_by_key ON records (kind, key, org);
CREATE INDEX records_by_expiry ON records (expires) WHERE expires IS NOT NULL;

-- How many commits the catalog has had: one row.
CREATE TABLE revision (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    number INTEGER NOT NULL
) STRICT;
INSERT INTO revision (id, number) VALUES (1, 1);

-- Who did what, when and from where. Never changed.
CREATE TABLE audit (
    org TEXT NOT NULL,
    id TEXT NOT NULL,
    entry TEXT NOT NULL, -- JSON
    PRIMARY KEY (org, id)
) STRICT, WITHOUT ROWID;

-- What served until now: of an org's deployments the last one. Which slugs it has is found when it is loaded.
INSERT INTO records (org, kind, key, revision, mark, body)
SELECT org, 'org', org, 1, org,
       json_object('name', org, 'created_at', strftime('%Y-%m-%dT%H:%M:%fZ', min(created) / 1e6, 'unixepoch'))
FROM deployments GROUP BY org;
INSERT INTO records (org, kind, key, revision, body)
SELECT org, 'project', project, 1,
       json_object('name', project, 'created_at', strftime('%Y-%m-%dT%H:%M:%fZ', created / 1e6, 'unixepoch'), 'active', id)
FROM deployments WHERE number IN (SELECT max(number) FROM deployments GROUP BY org);

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('records', 'records', '100000 1000 200 1'),
    ('records', 'records_by_mark', '50000 20000 1'),
    ('records', 'records_by_key', '100000 15000 2 1'),
    ('records', 'records_by_expiry', '1000 1'),
    ('audit', 'audit', '100000 1000 1');
ANALYZE sqlite_schema;

-- The key that each org's secrets are sealed by, wrapped by a master key, which is not here.
CREATE TABLE org_keys (
    org TEXT PRIMARY KEY NOT NULL,
    master TEXT NOT NULL, -- the id of the key that wrapped it
    wrapped BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- The values of a manifest's variables, sealed. NULL where an earlier version kept them in the manifest: the server seals them
-- when it starts.
ALTER TABLE deployments ADD COLUMN vars BLOB;
