-- Browsers that people are reminded in.

CREATE TABLE push_subscription (
    subscribed_at timestamptz NOT NULL,
    expires_at    timestamptz,
    tenant        integer     NOT NULL,
    id            uuid        NOT NULL,
    person        text COLLATE "C" NOT NULL,
    endpoint      text        NOT NULL,
    public_key    bytea       NOT NULL CHECK (length(public_key) = 65),
    secret        bytea       NOT NULL CHECK (length(secret) = 16),
    PRIMARY KEY (tenant, id)
);
COMMENT ON COLUMN push_subscription.id IS 'Follows from the endpoint, so that a browser has one row in a tenant.';
COMMENT ON COLUMN push_subscription.secret IS 'What is sent is encrypted with it, so it is kept as it is.';

CREATE INDEX push_subscription_of_person ON push_subscription (tenant, person);

ALTER TABLE push_subscription ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON push_subscription USING (tenant = (SELECT kalends_tenant())) WITH CHECK (tenant = (SELECT kalends_tenant()));
