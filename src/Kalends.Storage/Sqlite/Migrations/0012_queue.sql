-- What is to be done later, by workers of any process. Times are milliseconds since 1970. visible_at: when it may be read; of one that is held, when its
-- lease runs out. lease: how often it was ever read. reads: how often it was read and came to no end.
CREATE TABLE queue_message (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant      INTEGER NOT NULL REFERENCES tenant (key),
    queue       TEXT NOT NULL,
    kind        TEXT NOT NULL,
    destination TEXT,
    enqueued_at INTEGER NOT NULL,
    visible_at  INTEGER NOT NULL,
    deadline    INTEGER NOT NULL,
    held        INTEGER NOT NULL DEFAULT 0,
    lease       INTEGER NOT NULL DEFAULT 0,
    reads       INTEGER NOT NULL DEFAULT 0,
    last_error  TEXT,
    body        TEXT NOT NULL
) STRICT;

CREATE INDEX queue_message_in_order ON queue_message (queue, held, visible_at, id);

-- Messages that are read no more: dead letters, until somebody requeues or deletes them, and what was done and is kept for a while.
CREATE TABLE queue_archive (
    id          INTEGER PRIMARY KEY,
    tenant      INTEGER NOT NULL REFERENCES tenant (key),
    queue       TEXT NOT NULL,
    kind        TEXT NOT NULL,
    destination TEXT,
    enqueued_at INTEGER NOT NULL,
    archived_at INTEGER NOT NULL,
    deadline    INTEGER NOT NULL,
    dead        INTEGER NOT NULL,
    lease       INTEGER NOT NULL,
    reads       INTEGER NOT NULL,
    last_error  TEXT,
    body        TEXT NOT NULL
) STRICT;

CREATE INDEX queue_archive_by_age ON queue_archive (dead, queue, archived_at);

-- A plan must not change with the data; see 0001_ground.sql.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('queue_message', 'queue_message_in_order', '100000 20000 10000 2 1'),
    ('queue_archive', 'queue_archive_by_age', '10000 5000 1000 2');
