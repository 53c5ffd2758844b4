-- Version 1. Ids are texts as people see them: a ULID's text sorts as its time does, so the newest come last in an index.
-- Times are microseconds since 1970. Every key begins with its org.

-- One row for each start of a node.
CREATE TABLE nodes (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice
    joined INTEGER NOT NULL
) STRICT;

-- What a request said; all else follows from it and is not kept. The body comes last: reading the rest does not touch it.
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
    body BLOB
) STRICT;
CREATE UNIQUE INDEX events_by_id ON events (org, id);

-- Sessions that are owed. A row is there only until it is settled. It repeats what people see of its event, so that a
-- page of sessions is read from these two tables alone, in the order of their keys.
CREATE TABLE deliveries (
    org TEXT NOT NULL,
    session TEXT NOT NULL,
    event TEXT NOT NULL,
    method TEXT NOT NULL,
    trigger TEXT NOT NULL,
    deployment TEXT NOT NULL,
    created INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    owner TEXT NOT NULL,
    PRIMARY KEY (org, session)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_by_event ON deliveries (org, event, session);

-- Sessions that have ended.
CREATE TABLE sessions (
    org TEXT NOT NULL,
    id TEXT NOT NULL,
    event TEXT NOT NULL,
    method TEXT NOT NULL,
    trigger TEXT NOT NULL,
    deployment TEXT NOT NULL,
    state TEXT NOT NULL,
    created INTEGER NOT NULL,
    attempts TEXT NOT NULL, -- JSON
    PRIMARY KEY (org, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_event ON sessions (org, event, id);

-- Sessions as people see them: owed or ended.
CREATE VIEW sessions_and_owed AS
SELECT org, id, event, method, trigger, deployment, state, created, attempts FROM sessions
UNION ALL
SELECT org, session, event, method, trigger, deployment, CAST('queued' AS TEXT), created, CAST('[]' AS TEXT)
FROM deliveries;

-- What the guests of a session wrote, an attempt in a row. A session that wrote nothing has none.
CREATE TABLE logs (
    org TEXT NOT NULL,
    session TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    entries TEXT NOT NULL, -- JSON
    PRIMARY KEY (org, session, attempt)
) STRICT, WITHOUT ROWID;

-- Immutable. A project's last one is active.
CREATE TABLE deployments (
    number INTEGER PRIMARY KEY AUTOINCREMENT, -- the order of the commits
    org TEXT NOT NULL,
    id TEXT NOT NULL,
    project TEXT NOT NULL,
    created INTEGER NOT NULL,
    manifest TEXT NOT NULL,
    modules TEXT NOT NULL -- JSON: {name: digest, …}
) STRICT;
CREATE UNIQUE INDEX deployments_by_id ON deployments (org, id);
CREATE INDEX deployments_by_project ON deployments (org, project, number);

-- How many rows an index has, then how many share its first column, its first two and so on. Without these numbers SQLite
-- takes an org to have ten rows, and reads them all to find the sessions of one event.
ANALYZE;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('sessions', 'sessions', '1000000 100000 1'),
    ('sessions', 'sessions_by_event', '1000000 100000 2 1'),
    ('deliveries', 'deliveries', '1000000 100000 1'),
    ('deliveries', 'deliveries_by_event', '1000000 100000 2 1');
ANALYZE sqlite_schema;
