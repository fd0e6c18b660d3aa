-- Receivers of events by HTTP, how far each was told, and what came of what it was sent.

CREATE TABLE webhook (
    created_at    timestamptz NOT NULL,
    since         timestamptz NOT NULL,
    rotated_until timestamptz,
    failing_since timestamptz,
    place         bigint      NOT NULL,
    due           bigint      NOT NULL,
    tenant        integer     NOT NULL,
    attempts      integer     NOT NULL DEFAULT 0,
    id            uuid        NOT NULL,
    person        text COLLATE "C" NOT NULL,
    app           text        NOT NULL,
    uri           text        NOT NULL,
    types         json        NOT NULL,
    calendars     json,
    secret        text        NOT NULL,
    secret_before text,
    disabled_for  text,
    last_error    text,
    PRIMARY KEY (tenant, id)
);
COMMENT ON TABLE webhook IS 'It has a message in the queue if and only if it is not disabled and due lies beyond place.';
COMMENT ON COLUMN webhook.place IS 'The number of the last publication that it was told, or that was not for it.';
COMMENT ON COLUMN webhook.due IS 'Of the last that may be for it, among those that are settled.';
COMMENT ON COLUMN webhook.since IS 'What commands of before did is not told.';
COMMENT ON COLUMN webhook.secret IS 'What it is sent is signed with, so it is kept as it is.';

CREATE INDEX webhook_of_person ON webhook (tenant, person);
CREATE INDEX webhook_active ON webhook (tenant) WHERE disabled_for IS NULL;

CREATE TABLE webhook_place (
    place  bigint  NOT NULL,
    tenant integer NOT NULL PRIMARY KEY
);
COMMENT ON TABLE webhook_place IS 'Up to which publication it was looked which webhooks they may be for.';

CREATE TABLE webhook_delivery (
    ended_at timestamptz NOT NULL,
    seq      bigint      NOT NULL,
    tenant   integer     NOT NULL,
    attempts integer     NOT NULL,
    webhook  uuid        NOT NULL,
    event    uuid        NOT NULL,
    type     text        NOT NULL,
    status   text        NOT NULL CHECK (status IN ('delivered', 'failed')),
    error    text,
    PRIMARY KEY (tenant, webhook, event)
);
COMMENT ON COLUMN webhook_delivery.event IS 'The id that was sent: of a masked event not that of the publication.';

CREATE INDEX webhook_delivery_in_order ON webhook_delivery (tenant, webhook, ended_at, event);
CREATE INDEX webhook_delivery_by_age ON webhook_delivery (tenant, ended_at);

ALTER TABLE webhook ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON webhook USING (tenant = (SELECT kalends_tenant())) WITH CHECK (tenant = (SELECT kalends_tenant()));
ALTER TABLE webhook_place ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON webhook_place USING (tenant = (SELECT kalends_tenant())) WITH CHECK (tenant = (SELECT kalends_tenant()));
ALTER TABLE webhook_delivery ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON webhook_delivery USING (tenant = (SELECT kalends_tenant())) WITH CHECK (tenant = (SELECT kalends_tenant()));

-- With the owner's rights, as what reads queues is: it answers names of tenants and nothing of theirs.
CREATE FUNCTION tenants_with_webhooks() RETURNS SETOF text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT t.name FROM public.tenant t WHERE t.key IN (SELECT w.tenant FROM public.webhook w WHERE w.disabled_for IS NULL) ORDER BY t.name
$$;
REVOKE EXECUTE ON FUNCTION tenants_with_webhooks FROM PUBLIC;
COMMENT ON FUNCTION tenants_with_webhooks IS 'Those whose publications are to be looked at for webhooks.';
