-- When a calendar can be had: one row for each calendar that open hours were ever set for. version grows by one each time. body is what
-- was stated, on the wall of its zone; no UTC is stored, so nothing here ages when a zone's rules change. With rowids, because a body
-- beside its key leaves the page, as with appointments.
CREATE TABLE open_hours (
    tenant   INTEGER NOT NULL,
    calendar INTEGER NOT NULL,
    version  INTEGER NOT NULL CHECK (version >= 1),
    body     TEXT NOT NULL,
    PRIMARY KEY (tenant, calendar),
    FOREIGN KEY (tenant, calendar) REFERENCES calendar (tenant, key)
) STRICT;

-- A plan must not change with the data; see 0001_ground.sql.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('open_hours', 'sqlite_autoindex_open_hours_1', '10000 10000 1');
