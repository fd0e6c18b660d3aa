-- Reminders. Times are seconds since 1970.
ALTER TABLE calendar ADD COLUMN email TEXT;
ALTER TABLE calendar ADD COLUMN phone TEXT;

-- One row for an appointment, a series or a changed occurrence that has reminders still to come, and none for what has not: when to look at it next.
CREATE TABLE reminder_watch (
    tenant      INTEGER NOT NULL REFERENCES tenant (key),
    appointment BLOB NOT NULL CHECK (length(appointment) = 16),
    due_at      INTEGER NOT NULL,
    PRIMARY KEY (tenant, appointment)
) STRICT, WITHOUT ROWID;

CREATE INDEX reminder_watch_in_order ON reminder_watch (tenant, due_at);

-- Reminders of an appointment that are due by then are of no use to an attendee any more; one that was snoozed comes again.
CREATE TABLE reminder_acknowledgement (
    tenant        INTEGER NOT NULL REFERENCES tenant (key),
    appointment   BLOB NOT NULL CHECK (length(appointment) = 16),
    calendar      INTEGER NOT NULL,
    acknowledged  INTEGER NOT NULL,
    snoozed_until INTEGER,
    channel       TEXT,
    kept_until    INTEGER NOT NULL,
    PRIMARY KEY (tenant, appointment, calendar)
) STRICT, WITHOUT ROWID;

CREATE INDEX reminder_acknowledgement_snoozed ON reminder_acknowledgement (tenant, snoozed_until) WHERE snoozed_until IS NOT NULL;
CREATE INDEX reminder_acknowledgement_by_age ON reminder_acknowledgement (tenant, kept_until);

-- Each reminder of a person once: noted before it is sent, and what came of it. message: of the queue, whose reader noted it. published: the number of its
-- publication, whose time is at.
CREATE TABLE reminder_delivery (
    tenant       INTEGER NOT NULL REFERENCES tenant (key),
    start_at     INTEGER NOT NULL,
    appointment  BLOB NOT NULL CHECK (length(appointment) = 16),
    calendar     INTEGER NOT NULL,
    reminder     TEXT NOT NULL,
    channel      TEXT NOT NULL,
    scheduled_at INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    message      INTEGER NOT NULL,
    published    INTEGER,
    id           BLOB,
    state        TEXT NOT NULL CHECK (state IN ('sending', 'sent', 'failed')),
    PRIMARY KEY (tenant, start_at, appointment, calendar, reminder, channel)
) STRICT, WITHOUT ROWID;

-- A plan must not change with the data; see 0001_ground.sql.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('reminder_watch', 'reminder_watch', '100000 100000 1'),
    ('reminder_watch', 'reminder_watch_in_order', '100000 100000 10'),
    ('reminder_acknowledgement', 'reminder_acknowledgement', '10000 10000 2 1'),
    ('reminder_acknowledgement', 'reminder_acknowledgement_snoozed', '1000 1000 2'),
    ('reminder_acknowledgement', 'reminder_acknowledgement_by_age', '10000 10000 2'),
    ('reminder_delivery', 'reminder_delivery', '1000000 1000000 1000 5 2 1 1');
