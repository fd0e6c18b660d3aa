-- Receivers of events by HTTP, how far each was told, and what came of what it was sent. Times are milliseconds since 1970. A webhook has a message in the
-- queue if and only if it is not disabled and due lies beyond place. place: the number of the last publication that it was told, or that was not for it.
-- due: of the last that may be for it. since: what commands of before did is not told.
CREATE TABLE webhook (
    tenant        INTEGER NOT NULL REFERENCES tenant (key),
    id            BLOB NOT NULL CHECK (length(id) = 16),
    person        TEXT NOT NULL,
    app           TEXT NOT NULL,
    uri           TEXT NOT NULL,
    types         TEXT NOT NULL,
    calendars     TEXT,
    secret        TEXT NOT NULL,
    secret_before TEXT,
    rotated_until INTEGER,
    created_at    INTEGER NOT NULL,
    since         INTEGER NOT NULL,
    place         INTEGER NOT NULL,
    due           INTEGER NOT NULL,
    disabled_for  TEXT,
    failing_since INTEGER,
    attempts      INTEGER NOT NULL DEFAULT 0,
    last_error    TEXT,
    PRIMARY KEY (tenant, id)
) STRICT;

-- Up to which publication it was looked which webhooks they may be for.
CREATE TABLE webhook_place (
    tenant INTEGER PRIMARY KEY REFERENCES tenant (key),
    place  INTEGER NOT NULL
) STRICT;

-- event: the id that was sent, of a masked event not that of the publication.
CREATE TABLE webhook_delivery (
    tenant   INTEGER NOT NULL REFERENCES tenant (key),
    webhook  BLOB NOT NULL CHECK (length(webhook) = 16),
    event    BLOB NOT NULL CHECK (length(event) = 16),
    seq      INTEGER NOT NULL,
    type     TEXT NOT NULL,
    status   TEXT NOT NULL CHECK (status IN ('delivered', 'failed')),
    attempts INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    error    TEXT,
    PRIMARY KEY (tenant, webhook, event)
) STRICT;

CREATE INDEX webhook_delivery_in_order ON webhook_delivery (tenant, webhook, ended_at, event);
CREATE INDEX webhook_delivery_by_age ON webhook_delivery (tenant, ended_at);

-- A plan must not change with the data; see 0001_ground.sql.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('webhook', 'sqlite_autoindex_webhook_1', '1000 100 1'),
    ('webhook_delivery', 'sqlite_autoindex_webhook_delivery_1', '1000000 1000000 10000 1'),
    ('webhook_delivery', 'webhook_delivery_in_order', '1000000 1000000 10000 2 1'),
    ('webhook_delivery', 'webhook_delivery_by_age', '1000000 1000000 10');
