-- What the program does again and again. The messages of the queue that stand for it, and these rows, are of a tenant that no token can name: ''. Times are
-- seconds since 1970. turn grows by one with each message: one of an earlier turn stands for nothing.
CREATE TABLE schedule (
    tenant       INTEGER NOT NULL REFERENCES tenant (key),
    name         TEXT NOT NULL,
    rule         TEXT NOT NULL,
    zone         TEXT NOT NULL,
    turn         INTEGER NOT NULL,
    next_at      INTEGER NOT NULL,
    last_at      INTEGER,
    last_outcome TEXT,
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

-- A plan must not change with the data; see 0001_ground.sql.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('schedule', 'schedule', '10 10 1');
