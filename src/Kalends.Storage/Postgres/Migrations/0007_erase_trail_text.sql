-- Who serves may add to the trail and not change it. What people wrote in it can be erased all the same, by this function, which lets nothing else be left
-- than what was there without it, and keeps the hash of what was there.

-- JSON knows U+0000, which jsonb does not; for comparing it is left out on both sides.
CREATE FUNCTION without_titles(said json) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp AS $$
    SELECT (m.said - '{title,description,location,metadata}'::text[]) || coalesce(
        (SELECT jsonb_object_agg(k.name, (
            SELECT coalesce(jsonb_agg(CASE jsonb_typeof(e.item) WHEN 'object' THEN e.item - 'title' ELSE e.item END ORDER BY e.place), '[]')
            FROM jsonb_array_elements(m.said -> k.name) WITH ORDINALITY e (item, place)))
         FROM (VALUES ('links'), ('attachments')) k (name) WHERE jsonb_typeof(m.said -> k.name) = 'array'), '{}')
    FROM (SELECT regexp_replace(said::text, '(?<!\\)((\\\\)*)\\u0000', '\1', 'g')::jsonb AS said) m
$$;
COMMENT ON FUNCTION without_titles IS 'What an appointment says without what people wrote into it.';

CREATE FUNCTION erase_trail_text(by_command uuid, entries bigint[], befores json[], afters json[]) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    erased bigint;
BEGIN
    WITH asked AS MATERIALIZED (
        SELECT x.seq, x.at, x.before, x.after, n.left_before, n.left_after
        FROM unnest(entries, befores, afters) n (seq, left_before, left_after)
        JOIN public.trail x ON x.tenant = public.kalends_tenant() AND x.seq = n.seq
        WHERE (n.left_before IS NULL OR (n.left_before::text !~ '"(title|description|location|metadata)":'
                AND public.without_titles(n.left_before) = public.without_titles(x.before)))
            AND (n.left_after IS NULL OR (n.left_after::text !~ '"(title|description|location|metadata)":'
                AND public.without_titles(n.left_after) = public.without_titles(x.after)))),
    kept AS (
        INSERT INTO public.trail_erasure (tenant, seq, is_after, command, said)
        SELECT public.kalends_tenant(), a.seq, s.is_after, by_command, sha256(convert_to(s.said::text, 'UTF8'))
        FROM asked a CROSS JOIN LATERAL (VALUES (false, a.before, a.left_before), (true, a.after, a.left_after)) s (is_after, said, remains)
        WHERE s.remains IS NOT NULL)
    UPDATE public.trail x SET before = coalesce(a.left_before, x.before), after = coalesce(a.left_after, x.after)
    FROM asked a WHERE x.tenant = public.kalends_tenant() AND x.seq = a.seq AND x.at = a.at;
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN erased;
END $$;
REVOKE EXECUTE ON FUNCTION erase_trail_text FROM PUBLIC;
COMMENT ON FUNCTION erase_trail_text IS
    'Erases what people wrote from entries of the trail of the tenant that this transaction named: for each its before, its after, or both, as they are '
    'to be left. What is not the same without it is left alone; the answer is how many entries were erased.';
