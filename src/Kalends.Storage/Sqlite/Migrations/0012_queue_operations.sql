-- Commands that nobody waits for: what they were sent with, how far they are, and what came of them. created_at is in milliseconds.
CREATE TABLE operation (
    tenant     INTEGER NOT NULL REFERENCES tenant (key),
    id         BLOB NOT NULL CHECK (length(id) = 16),
    created_at INTEGER NOT NULL,
    status     TEXT NOT NULL CHECK (status IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
    scopes     INTEGER NOT NULL,
    person     TEXT NOT NULL,
    app        TEXT NOT NULL,
    command    TEXT NOT NULL,
    key        TEXT NOT NULL,
    request_id TEXT,
    request    TEXT NOT NULL,
    answer     TEXT,
    PRIMARY KEY (tenant, id)
) STRICT;

CREATE INDEX operation_by_age ON operation (tenant, created_at);

-- A plan must not change with the data; see 0001_ground.sql.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('operation', 'sqlite_autoindex_operation_1', '100000 100000 1'),
    ('operation', 'operation_by_age', '100000 100000 2');
