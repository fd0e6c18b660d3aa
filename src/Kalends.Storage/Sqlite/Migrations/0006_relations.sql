-- Who may do what: relation tuples, object#relation@subject, beside the calendars they are about.
CREATE TABLE relation (
    tenant   INTEGER NOT NULL REFERENCES tenant (key),
    object   TEXT NOT NULL,
    relation TEXT NOT NULL,
    subject  TEXT NOT NULL,
    PRIMARY KEY (tenant, object, relation, subject)
) STRICT, WITHOUT ROWID;

-- A decision begins with who asks: the groups they are in, then what these have.
CREATE INDEX relation_of_subject ON relation (tenant, subject, object, relation);

-- One row for each tenant that ever changed a relation. Each change raises version, so that what was decided before is known to be old.
-- default_stated: false while everyone of the tenant views details, unsaid.
CREATE TABLE relation_state (
    tenant         INTEGER PRIMARY KEY REFERENCES tenant (key),
    version        INTEGER NOT NULL,
    default_stated INTEGER NOT NULL
) STRICT;

-- A plan must not change with the data; see 0001_ground.sql.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('relation', 'relation', '100000 100000 10 5 1'),
    ('relation', 'relation_of_subject', '100000 100000 10 1 1');
