-- Browsers that people are reminded in. The id follows from the endpoint, so that a browser has one row in a tenant. Times are seconds since 1970.
CREATE TABLE push_subscription (
    tenant        INTEGER NOT NULL REFERENCES tenant (key),
    id            BLOB NOT NULL CHECK (length(id) = 16),
    person        TEXT NOT NULL,
    endpoint      TEXT NOT NULL,
    public_key    BLOB NOT NULL CHECK (length(public_key) = 65),
    secret        BLOB NOT NULL CHECK (length(secret) = 16),
    subscribed_at INTEGER NOT NULL,
    expires_at    INTEGER,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX push_subscription_of_person ON push_subscription (tenant, person);

-- A plan must not change with the data; see 0001_ground.sql.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('push_subscription', 'push_subscription', '100000 100000 1'),
    ('push_subscription', 'push_subscription_of_person', '100000 100000 3');
