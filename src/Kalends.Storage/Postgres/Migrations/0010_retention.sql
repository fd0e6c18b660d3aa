-- The trail is kept for a time only, where somebody says for how long. Who serves may drop what is sealed and old, by this function, and nothing else.

CREATE TABLE trail_dropped (
    kept_from timestamptz NOT NULL,
    seq       bigint      NOT NULL,
    entries   bigint      NOT NULL,
    seals     bigint      NOT NULL,
    tenant    integer     PRIMARY KEY
);
COMMENT ON TABLE trail_dropped IS
    'What a tenant''s trail has lost by policy: every entry up to seq, so many entries in all, and the digests of every seal up to seals.';
COMMENT ON COLUMN trail_dropped.kept_from IS 'Every entry of a command begun at this moment or later is there.';

ALTER TABLE trail_dropped ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON trail_dropped USING (tenant = (SELECT kalends_tenant())) WITH CHECK (tenant = (SELECT kalends_tenant()));

ALTER TABLE trail_erasure ADD COLUMN says bytea;
COMMENT ON COLUMN trail_erasure.says IS
    'Of an entry that was dropped: the SHA-256 of what was left of it, since the command that erased it may be there and says what it left.';

COMMENT ON COLUMN calendar.counted_from IS
    'The version at which counting began: of a calendar that was brought from another store, or of which the trail up to that version was dropped.';

-- Row by row and by index, however little the database knows of the tables yet, as after a restore or a large import: then it would look for the other
-- entries of a command by their numbers (seq + 0) or read whole tables.
CREATE FUNCTION drop_trail(older_than timestamptz, most integer, OUT entries_dropped bigint, OUT views_dropped bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    own CONSTANT integer := public.kalends_tenant();
    until CONSTANT timestamptz := least(older_than, date_trunc('day', now() - interval '90 days', 'UTC'));
    had record;
    place bigint;
    forgotten bigint;
    keys integer[];
    raised bigint[];
BEGIN
    -- One at a time; who waited sees what this one left.
    PERFORM pg_advisory_xact_lock(5433, own);
    SELECT coalesce(max(d.seq), 0) AS seq, coalesce(max(d.seals), 0) AS seals INTO had FROM public.trail_dropped d WHERE d.tenant = own;

    -- In order, up to the first that is to stay.
    SELECT max(n.seq) FILTER (WHERE n.goes), count(*) FILTER (WHERE n.goes) INTO place, entries_dropped
    FROM (SELECT x.seq, bool_and(x.at < until) OVER (ORDER BY x.seq) AS goes
          FROM (SELECT t.seq, t.at FROM public.trail t WHERE t.tenant = own AND t.seq > had.seq
                    AND t.seq <= (SELECT s.whole FROM public.trail_seal s WHERE s.tenant = own ORDER BY s.number DESC LIMIT 1)
                ORDER BY t.seq LIMIT most) x) n;

    IF place IS NOT NULL THEN
        UPDATE public.trail_erasure e SET says = sha256(convert_to((CASE WHEN e.is_after THEN x.after ELSE x.before END)::text, 'UTF8'))
        FROM public.trail x WHERE e.tenant = own AND e.seq > had.seq AND e.seq <= place AND x.tenant = own AND x.seq = e.seq AND x.at < until;

        WITH gone AS (
            DELETE FROM public.trail x WHERE x.tenant = own AND x.seq > had.seq AND x.seq <= place AND x.at < until
            RETURNING x.at, x.command, x.event, x.calendars, x.versions),
        published AS (
            DELETE FROM public.outbox o USING gone g WHERE o.tenant = own AND o.id = g.event AND o.time = g.at AND o.time < until),
        done AS (
            DELETE FROM public.command c USING (SELECT DISTINCT command, at FROM gone) g
            WHERE c.tenant = own AND c.id = g.command AND c.at = g.at AND c.at < until
                AND NOT EXISTS (SELECT 1 FROM public.trail x WHERE x.tenant = own AND x.command = c.id AND x.at = c.at AND x.seq + 0 > place))
        SELECT array_agg(v.calendar ORDER BY v.calendar), array_agg(v.version ORDER BY v.calendar) INTO keys, raised
        FROM (SELECT p.calendar, max(p.version) AS version
              FROM gone g CROSS JOIN LATERAL unnest(g.calendars, g.versions) p (calendar, version) GROUP BY 1) v;

        DELETE FROM public.trail_erasure e WHERE e.tenant = own AND e.seq <= place
            AND NOT EXISTS (SELECT 1 FROM public.command c WHERE c.tenant = own AND c.id = e.command);

        -- The digests stand in the order of entries, 40 bytes each; a seal behind one that still covers something waits for it.
        SELECT coalesce(
            (SELECT s.number - 1 FROM public.trail_seal s WHERE s.tenant = own AND s.number > had.seals
                AND (substr(s.digests, length(s.digests) - 39, 8) <= int8send(place)) IS NOT TRUE ORDER BY s.number LIMIT 1),
            (SELECT max(s.number) FROM public.trail_seal s WHERE s.tenant = own)) INTO forgotten;
        UPDATE public.trail_seal s SET digests = NULL WHERE s.tenant = own AND s.number > had.seals AND s.number <= forgotten;
    END IF;

    WITH gone AS (
        DELETE FROM public.calendar_view v USING
            (SELECT o.calendar, o.day, o.viewer FROM public.calendar_view o
             WHERE o.tenant = own AND o.day < floor(extract(epoch FROM until) / 86400)::integer ORDER BY o.day LIMIT most) o
        WHERE v.tenant = own AND v.calendar = o.calendar AND v.day = o.day AND v.viewer = o.viewer RETURNING 1)
    SELECT count(*) INTO views_dropped FROM gone;

    IF entries_dropped > 0 OR views_dropped > 0 THEN
        INSERT INTO public.trail_dropped AS d (tenant, kept_from, seq, entries, seals)
        VALUES (own, until, coalesce(place, 0), entries_dropped, coalesce(forgotten, 0))
        ON CONFLICT (tenant) DO UPDATE SET kept_from = greatest(d.kept_from, excluded.kept_from), seq = greatest(d.seq, excluded.seq),
            entries = d.entries + excluded.entries, seals = greatest(d.seals, excluded.seals);
    END IF;

    -- Last, since writers of these calendars wait from here on; in the order in which they lock them.
    FOR n IN 1 .. coalesce(array_length(keys, 1), 0) LOOP
        UPDATE public.calendar c SET counted_from = greatest(c.counted_from, raised[n]) WHERE c.tenant = own AND c.key = keys[n];
    END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION drop_trail FROM PUBLIC;
COMMENT ON FUNCTION drop_trail IS
    'Drops the oldest entries of the trail of the tenant that this transaction named, so many at most, up to the first that is not older, not sealed, or '
    'less than 90 days old, with what hangs on them, and views of calendars on earlier days.';
