-- A second wall between tenants, besides the tenant that leads every statement: a role that only serves sees the rows of the tenant that its
-- transaction named (kalends.tenant) and no others. Not forced: the owner of the tables migrates, verifies and copies, and sees everything.

-- All at once and in the order in which commands come to them, so that whoever is in the middle of one ends it first. See CONTRIBUTING.md.
LOCK TABLE meta, idempotency, calendar, hold, hold_calendar, appointment, attendance, exclusive_booking, series, open_series, open_hours,
    command, trail, calendar_change, outbox;

CREATE FUNCTION kalends_tenant() RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('kalends.tenant', true), '')::integer;
COMMENT ON FUNCTION kalends_tenant IS
    'The tenant that this transaction acts for: SET LOCAL kalends.tenant = KEY. Null, and so no rows at all, where it named none.';

-- Asked for once a statement, not once a row.
DO $$
DECLARE
    walled regclass;
BEGIN
    FOR walled IN
        SELECT c.oid FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant'
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', walled);
        EXECUTE format(
            'CREATE POLICY own_tenant ON %s USING (tenant = (SELECT kalends_tenant())) WITH CHECK (tenant = (SELECT kalends_tenant()))', walled);
    END LOOP;

    -- Who comes through the table is held by the table's policy. Partitions have none: who comes to one directly finds nothing in it.
    FOR walled IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relispartition LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', walled);
    END LOOP;
END $$;

-- Whoever serves also rezones, and says so at its end; the sealing key it reads alone.
ALTER TABLE meta ENABLE ROW LEVEL SECURITY;
CREATE POLICY read_all ON meta FOR SELECT USING (true);
CREATE POLICY add_zones ON meta FOR INSERT WITH CHECK (name = 'time-zones');
CREATE POLICY change_zones ON meta FOR UPDATE USING (name = 'time-zones') WITH CHECK (name = 'time-zones');

-- Called by who serves too, with the owner's rights; so it stands on names that nobody else can put others before, and its reach is bounded.
-- What it would have to wait for it leaves: the partitions that catch the rest go on catching it, and it is called again later.
DROP FUNCTION prepare_months(timestamptz, timestamptz);
CREATE FUNCTION prepare_months(until timestamptz, most integer DEFAULT 100, since timestamptz DEFAULT now())
    RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' SET lock_timeout = '250ms' AS $$
DECLARE
    kept record;
    month timestamptz;
    part text;
    made integer := 0;
BEGIN
    IF NOT pg_try_advisory_xact_lock(5432, 20260101) THEN
        RETURN 0;
    END IF;

    FOR month IN SELECT generate_series(
        date_trunc('month', greatest(since, now() - interval '20 years')), least(until, now() + interval '2 years'), interval '1 month') LOOP
        FOR kept IN SELECT * FROM (VALUES ('command', 'at'), ('trail', 'at'), ('outbox', 'time')) k (name, place) LOOP
            part := kept.name || to_char(month, '_YYYY_MM');
            CONTINUE WHEN made >= most OR to_regclass('public.' || part) IS NOT NULL;
            EXECUTE format('LOCK TABLE public.%I', kept.name || '_unprepared');
            EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING ALL)', part, kept.name);
            EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', part);
            EXECUTE format(
                'WITH moved AS (DELETE FROM public.%I WHERE %I >= %L AND %I < %L RETURNING *) INSERT INTO public.%I SELECT * FROM moved',
                kept.name || '_unprepared', kept.place, month, kept.place, month + interval '1 month', part);
            EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                kept.name, part, month, month + interval '1 month');
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;
REVOKE EXECUTE ON FUNCTION prepare_months FROM PUBLIC;
COMMENT ON FUNCTION prepare_months IS
    'Makes missing partitions of the months from this one, or an earlier one, on, two years ahead at most, so many at once; the answer is how many it made.';
