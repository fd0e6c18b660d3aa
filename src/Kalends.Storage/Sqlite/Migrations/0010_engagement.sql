-- How often somebody was shown a calendar on a day, which counts from 1970-01-01 in UTC.
CREATE TABLE calendar_view (
    tenant   INTEGER NOT NULL,
    calendar INTEGER NOT NULL,
    day      INTEGER NOT NULL,
    viewer   TEXT NOT NULL,
    views    INTEGER NOT NULL CHECK (views > 0),
    PRIMARY KEY (tenant, calendar, day, viewer),
    FOREIGN KEY (tenant, calendar) REFERENCES calendar (tenant, key)
) STRICT, WITHOUT ROWID;

-- Of all calendars, as pages go.
CREATE INDEX calendar_view_by_day ON calendar_view (tenant, day, calendar, viewer, views);

-- What was done in a time, whoever did it.
CREATE INDEX command_by_time ON command (tenant, at);

-- A plan must not change with the data; see 0001_ground.sql.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('calendar_view', 'calendar_view', '1000000 1000000 1000 10 1'),
    ('calendar_view', 'calendar_view_by_day', '1000000 1000000 10000 10 1 1'),
    ('command', 'command_by_time', '500000 500000 2');
