-- Series. A series is a row of appointment that lies on no calendar itself; its occurrences do, each a row of its own.
-- An occurrence that was never changed by itself is stored as its place alone (body '{}', no uid, version or title): what it says
-- follows from its series, so that a new title is one row and not a thousand. A detached one says all in its own body.

ALTER TABLE appointment ADD COLUMN series BLOB CHECK (length(series) = 16);

ALTER TABLE appointment ADD COLUMN detached INTEGER NOT NULL DEFAULT 0 CHECK (detached IN (0, 1));

-- Ids of occurrences rise as the occurrences do.
CREATE INDEX appointment_of_series ON appointment (tenant, series, id) WHERE series IS NOT NULL;

-- Occurrences share the uid of their series, and are found through it.
DROP INDEX appointment_by_uid;

CREATE INDEX appointment_by_uid ON appointment (tenant, uid, owner, id) WHERE series IS NULL;

-- stored_until: occurrences that start before it are stored, the others follow from the rules; half-open, seconds since 1970;
-- 9223372036854775807 when none is left.
CREATE TABLE series (
    tenant       INTEGER NOT NULL,
    id           BLOB NOT NULL,
    stored_until INTEGER NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, id) REFERENCES appointment (tenant, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX series_by_horizon ON series (tenant, stored_until, id);

-- The calendars of series that go on beyond what is stored: what a query far ahead asks for. stored_until is a copy.
CREATE TABLE open_series (
    tenant       INTEGER NOT NULL,
    calendar     INTEGER NOT NULL,
    series       BLOB NOT NULL,
    stored_until INTEGER NOT NULL,
    PRIMARY KEY (tenant, calendar, series),
    FOREIGN KEY (tenant, series) REFERENCES series (tenant, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, calendar) REFERENCES calendar (tenant, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX open_series_of_series ON open_series (tenant, series, calendar);

-- The series of an entry's appointment, where that is an occurrence: all that happened to a series is found by it.
ALTER TABLE trail ADD COLUMN series BLOB CHECK (length(series) = 16);

CREATE INDEX trail_of_series ON trail (tenant, series, seq) WHERE series IS NOT NULL;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('appointment', 'appointment_of_series', '1000000 1000000 100 1'),
    ('series', 'series', '10000 10000 1'),
    ('series', 'series_by_horizon', '10000 10000 100 1'),
    ('open_series', 'open_series', '50000 50000 20 1'),
    ('open_series', 'open_series_of_series', '50000 50000 5 1'),
    ('trail', 'trail_of_series', '100000 100000 10 1');
