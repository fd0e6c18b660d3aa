-- Reminders: where people are reached, what is to be looked at and when, what they said of it, and what was sent.

ALTER TABLE calendar ADD COLUMN email text, ADD COLUMN phone text;

CREATE TABLE reminder_watch (
    due_at      timestamptz NOT NULL,
    tenant      integer     NOT NULL,
    appointment uuid        NOT NULL,
    PRIMARY KEY (tenant, appointment)
);
COMMENT ON TABLE reminder_watch IS
    'One row for an appointment, a series or a changed occurrence that has reminders still to come, and none for what has not: when to look at it next.';
CREATE INDEX reminder_watch_in_order ON reminder_watch (tenant, due_at);

CREATE TABLE reminder_acknowledgement (
    acknowledged  timestamptz NOT NULL,
    snoozed_until timestamptz,
    kept_until    timestamptz NOT NULL,
    tenant        integer     NOT NULL,
    calendar      integer     NOT NULL,
    appointment   uuid        NOT NULL,
    channel       text,
    PRIMARY KEY (tenant, appointment, calendar)
);
COMMENT ON TABLE reminder_acknowledgement IS 'Reminders of an appointment that are due by then are of no use to an attendee any more; one that was snoozed comes again.';
CREATE INDEX reminder_acknowledgement_snoozed ON reminder_acknowledgement (tenant, snoozed_until) WHERE snoozed_until IS NOT NULL;
CREATE INDEX reminder_acknowledgement_by_age ON reminder_acknowledgement (tenant, kept_until);

CREATE TABLE reminder_delivery (
    start_at     timestamptz NOT NULL,
    scheduled_at timestamptz NOT NULL,
    at           timestamptz NOT NULL,
    message      bigint      NOT NULL,
    published    bigint,
    tenant       integer     NOT NULL,
    calendar     integer     NOT NULL,
    appointment  uuid        NOT NULL,
    id           uuid,
    channel      text COLLATE "C" NOT NULL,
    reminder     text COLLATE "C" NOT NULL,
    state        text        NOT NULL CHECK (state IN ('sending', 'sent', 'failed')),
    PRIMARY KEY (tenant, start_at, appointment, calendar, reminder, channel)
);
COMMENT ON TABLE reminder_delivery IS 'Each reminder of a person once: noted before it is sent, and what came of it. By start, so that what is over is found and forgotten.';
COMMENT ON COLUMN reminder_delivery.message IS 'The message of the queue whose reader noted it: only another reader of the same may say that nobody knows what came of it.';
COMMENT ON COLUMN reminder_delivery.published IS 'The number of its publication, whose time is at.';

ALTER TABLE reminder_watch ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON reminder_watch USING (tenant = (SELECT kalends_tenant())) WITH CHECK (tenant = (SELECT kalends_tenant()));
ALTER TABLE reminder_acknowledgement ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON reminder_acknowledgement USING (tenant = (SELECT kalends_tenant())) WITH CHECK (tenant = (SELECT kalends_tenant()));
ALTER TABLE reminder_delivery ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON reminder_delivery USING (tenant = (SELECT kalends_tenant())) WITH CHECK (tenant = (SELECT kalends_tenant()));

-- Names of tenants alone, which whoever serves sees anyway: what is due is read in transactions of each.
CREATE FUNCTION tenants_to_remind(until timestamptz) RETURNS SETOF text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
    SELECT t.name FROM public.tenant t
    WHERE EXISTS (SELECT 1 FROM public.reminder_watch w WHERE w.tenant = t.key AND w.due_at <= until)
        OR EXISTS (SELECT 1 FROM public.reminder_acknowledgement a WHERE a.tenant = t.key AND a.snoozed_until <= until)
    ORDER BY t.name
$$;
REVOKE EXECUTE ON FUNCTION tenants_to_remind FROM PUBLIC;
COMMENT ON FUNCTION tenants_to_remind IS 'The tenants in which a reminder is to be looked at by a moment.';

-- The outbox is only added to by whoever serves; so this drops what told of reminders that are over, and nothing else.
CREATE FUNCTION forget_reminders(older_than timestamptz, most integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    own CONSTANT integer := public.kalends_tenant();
    until CONSTANT timestamptz := least(older_than, now() - interval '30 days');
    forgotten bigint;
BEGIN
    DELETE FROM public.reminder_acknowledgement a USING
        (SELECT x.appointment, x.calendar FROM public.reminder_acknowledgement x
         WHERE x.tenant = own AND x.kept_until < until ORDER BY x.kept_until LIMIT most FOR UPDATE SKIP LOCKED) o
    WHERE a.tenant = own AND a.appointment = o.appointment AND a.calendar = o.calendar;
    WITH gone AS (
        DELETE FROM public.reminder_delivery d USING
            (SELECT x.start_at, x.appointment, x.calendar, x.reminder, x.channel FROM public.reminder_delivery x
             WHERE x.tenant = own AND x.start_at < until ORDER BY x.start_at LIMIT most FOR UPDATE SKIP LOCKED) o
        WHERE d.tenant = own AND d.start_at = o.start_at AND d.appointment = o.appointment AND d.calendar = o.calendar AND d.reminder = o.reminder
            AND d.channel = o.channel
        RETURNING d.published, d.at),
    published AS (
        DELETE FROM public.outbox o USING gone g
        WHERE o.tenant = own AND o.seq = g.published AND o.time = g.at AND o.type LIKE 'kalends.reminder.%')
    SELECT count(*) INTO forgotten FROM gone;
    RETURN forgotten;
END $$;
REVOKE EXECUTE ON FUNCTION forget_reminders FROM PUBLIC;
COMMENT ON FUNCTION forget_reminders IS
    'Forgets reminders of the tenant that this transaction named, so many at most, whose appointments began 30 days ago at least, with their publications.';
