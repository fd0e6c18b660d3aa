-- The ground of the embedded store. The tenant leads every key, as in the PostgreSQL store, so that no statement can
-- reach another tenant's rows by accident. Times are whole seconds since 1970 in UTC; spans are half-open.

CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- last: the last trail sequence number given to this tenant, so that a position is one row away.
CREATE TABLE tenant (
    key  INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    last INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The spine. version: the sequence number of the last change that touched the calendar; it only grows.
CREATE TABLE calendar (
    tenant         INTEGER NOT NULL REFERENCES tenant (key),
    key            INTEGER NOT NULL,
    id             TEXT NOT NULL,
    version        INTEGER NOT NULL DEFAULT 0,
    kind           TEXT NOT NULL CHECK (kind IN ('user', 'group', 'room', 'other')),
    name           TEXT,
    time_zone      TEXT,
    double_booking TEXT NOT NULL CHECK (double_booking IN ('allow', 'refuse')),
    capacity       INTEGER,
    features       TEXT NOT NULL DEFAULT '[]',
    site           TEXT,
    PRIMARY KEY (tenant, key),
    UNIQUE (tenant, id)
) STRICT, WITHOUT ROWID;

-- What an appointment says. id is big-endian, so that UUIDv7 sort by the time they were made. With rowids, because a body
-- beside its key (WITHOUT ROWID) leaves the page from 1 kB on: bodies of 1.5 kB then read 3 times slower and fill twice the disk.
CREATE TABLE appointment (
    tenant   INTEGER NOT NULL,
    id       BLOB NOT NULL CHECK (length(id) = 16),
    uid      TEXT NOT NULL,
    version  INTEGER NOT NULL,
    owner    INTEGER NOT NULL,
    privacy  INTEGER NOT NULL,
    start_at INTEGER NOT NULL,
    end_at   INTEGER NOT NULL CHECK (end_at >= start_at),
    all_day  INTEGER NOT NULL,
    title    TEXT,
    body     TEXT NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, owner) REFERENCES calendar (tenant, key)
) STRICT;

CREATE INDEX appointment_by_uid ON appointment (tenant, uid, owner, id);

-- What availability reads, alone: one narrow row for each calendar an appointment lies in, in the order it is read.
-- owner, privacy and all_day are copies, so that masking needs no look at the appointment.
CREATE TABLE attendance (
    tenant      INTEGER NOT NULL,
    calendar    INTEGER NOT NULL,
    start_at    INTEGER NOT NULL,
    appointment BLOB NOT NULL,
    end_at      INTEGER NOT NULL CHECK (end_at >= start_at),
    busy        INTEGER NOT NULL,
    privacy     INTEGER NOT NULL,
    owner       INTEGER NOT NULL,
    all_day     INTEGER NOT NULL,
    PRIMARY KEY (tenant, calendar, start_at, end_at, appointment),
    FOREIGN KEY (tenant, appointment) REFERENCES appointment (tenant, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, calendar) REFERENCES calendar (tenant, key)
) STRICT, WITHOUT ROWID;

-- An overlap search begins a day before its span. The few rows that last longer than a day are found here.
CREATE INDEX attendance_beyond_a_day ON attendance (tenant, calendar, start_at, end_at, appointment) WHERE end_at - start_at > 86400;

CREATE UNIQUE INDEX attendance_of_appointment ON attendance (tenant, appointment, calendar);

CREATE TABLE hold (
    tenant     INTEGER NOT NULL REFERENCES tenant (key),
    id         BLOB NOT NULL CHECK (length(id) = 16),
    person     TEXT NOT NULL,
    start_at   INTEGER NOT NULL,
    end_at     INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX hold_by_expiry ON hold (tenant, expires_at);

-- Spans and expiry are copies, so that a search reads one row a hold.
CREATE TABLE hold_calendar (
    tenant     INTEGER NOT NULL,
    calendar   INTEGER NOT NULL,
    start_at   INTEGER NOT NULL,
    hold       BLOB NOT NULL,
    end_at     INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, calendar, start_at, hold),
    FOREIGN KEY (tenant, hold) REFERENCES hold (tenant, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, calendar) REFERENCES calendar (tenant, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX hold_calendar_of_hold ON hold_calendar (tenant, hold, calendar);

-- The first answer to each command that came with an idempotency key.
CREATE TABLE idempotency (
    tenant       INTEGER NOT NULL REFERENCES tenant (key),
    person       TEXT NOT NULL,
    key          TEXT NOT NULL,
    command      TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    refused      INTEGER NOT NULL,
    body         TEXT NOT NULL,
    position     INTEGER NOT NULL,
    kept_at      INTEGER NOT NULL,
    PRIMARY KEY (tenant, person, key)
) STRICT;

-- Serves the sweep that forgets old answers.
CREATE INDEX idempotency_by_age ON idempotency (tenant, kept_at);

-- Who did what, when, with which app: one row a command.
CREATE TABLE command (
    tenant     INTEGER NOT NULL REFERENCES tenant (key),
    id         BLOB NOT NULL CHECK (length(id) = 16),
    at         INTEGER NOT NULL,
    person     TEXT NOT NULL,
    app        TEXT NOT NULL,
    name       TEXT NOT NULL,
    request_id TEXT,
    data       TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;

-- What each command changed. seq is given once and never again (AUTOINCREMENT), in the order of commits, since there is one writer.
-- A command that changed no appointment has one entry without any.
CREATE TABLE trail (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant      INTEGER NOT NULL,
    command     BLOB NOT NULL,
    appointment BLOB CHECK (length(appointment) = 16),
    kind        TEXT CHECK (kind IN ('created', 'modified', 'deleted')),
    version     INTEGER,
    before      TEXT,
    after       TEXT,
    FOREIGN KEY (tenant, command) REFERENCES command (tenant, id)
) STRICT;

CREATE INDEX trail_of_command ON trail (tenant, command);

CREATE INDEX trail_of_appointment ON trail (tenant, appointment, seq) WHERE appointment IS NOT NULL;

-- The change log: the LAST change of each appointment in each calendar, so that it never grows beyond what the calendar has seen.
-- It also says which appointments lie on a calendar: those of its attendances, and those it owns without attending.
CREATE TABLE calendar_change (
    tenant      INTEGER NOT NULL,
    calendar    INTEGER NOT NULL,
    appointment BLOB NOT NULL,
    seq         INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    created_seq INTEGER NOT NULL,
    deleted     INTEGER NOT NULL,
    PRIMARY KEY (tenant, calendar, appointment),
    FOREIGN KEY (tenant, calendar) REFERENCES calendar (tenant, key)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX calendar_change_in_order ON calendar_change (tenant, calendar, seq);

-- What is to be published, in order. trail is null for what no command made. id is the CloudEvents id, the same each time it is sent.
CREATE TABLE outbox (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant  INTEGER NOT NULL REFERENCES tenant (key),
    trail   INTEGER UNIQUE REFERENCES trail (seq),
    id      TEXT NOT NULL,
    type    TEXT NOT NULL,
    subject TEXT NOT NULL,
    time    INTEGER NOT NULL,
    data    TEXT NOT NULL
) STRICT;

-- What ANALYZE would find in a company of one tenant, fixed. Without it SQLite believes that a tenant has ten rows and scans all of its
-- attendances for each appointment saved (also inside foreign keys): 1,300 saved took 6.5 s among 34,000, not 20 ms. Fixed, because
-- a plan must not change with the data. Rows, then rows for each value of the first column, of the first two, and so on.
ANALYZE;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('tenant', 'sqlite_autoindex_tenant_1', '100 1'),
    ('calendar', 'calendar', '10000 10000 1'),
    ('calendar', 'sqlite_autoindex_calendar_2', '10000 10000 1'),
    ('appointment', 'sqlite_autoindex_appointment_1', '1000000 1000000 1'),
    ('appointment', 'appointment_by_uid', '1000000 1000000 2 1 1'),
    ('attendance', 'attendance', '2000000 2000000 2000 1 1 1'),
    ('attendance', 'attendance_beyond_a_day', '20000 20000 20 1 1 1'),
    ('attendance', 'attendance_of_appointment', '2000000 2000000 2 1'),
    ('hold', 'hold', '1000 1000 1'),
    ('hold', 'hold_by_expiry', '1000 1000 2'),
    ('hold_calendar', 'hold_calendar', '5000 5000 5 1 1'),
    ('hold_calendar', 'hold_calendar_of_hold', '5000 5000 5 1'),
    ('idempotency', 'sqlite_autoindex_idempotency_1', '10000 10000 10 1'),
    ('idempotency', 'idempotency_by_age', '10000 10000 2'),
    ('command', 'sqlite_autoindex_command_1', '500000 500000 1'),
    ('trail', 'trail_of_command', '2000000 2000000 4'),
    ('trail', 'trail_of_appointment', '2000000 2000000 2 1'),
    ('calendar_change', 'calendar_change', '2000000 2000000 2000 1'),
    ('calendar_change', 'calendar_change_in_order', '2000000 2000000 2000 1'),
    ('outbox', 'sqlite_autoindex_outbox_1', '2000000 1');
