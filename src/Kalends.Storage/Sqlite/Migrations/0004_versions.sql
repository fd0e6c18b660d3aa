-- A calendar's version counted trail entries of the whole store; from here on it counts what was changed in the calendar itself, one by one.
-- Where it stood is where it goes on, so that what clients hold stays good.
ALTER TABLE calendar ADD COLUMN counted_from INTEGER NOT NULL DEFAULT 0;

UPDATE calendar SET counted_from = version;

-- The version that an entry made of each calendar it changed: {"key": version}.
ALTER TABLE trail ADD COLUMN versions TEXT NOT NULL DEFAULT '{}';

UPDATE trail SET versions =
    (SELECT json_group_object(c.key, trail.seq) FROM calendar c WHERE c.tenant = trail.tenant AND c.id IN
        (SELECT value ->> 'calendar' FROM json_each(coalesce(trail.after, '{}'), '$.attendees')
         UNION SELECT value ->> 'calendar' FROM json_each(coalesce(trail.before, '{}'), '$.attendees')
         UNION SELECT trail.after ->> 'owner' UNION SELECT trail.before ->> 'owner'))
    WHERE appointment IS NOT NULL;
