namespace Kalends.Storage.Postgres;

/// <summary>Appointments, their attendances, calendars, series, holds and open hours must agree with each other.</summary>
internal static class AppointmentChecks
{
    public static readonly Check[] All =
    [
        new("""
            SELECT 'Tenant ' || t.name || ': calendar ' || a.calendar || ' has an attendance of an appointment that is not there: ' || a.appointment
            FROM attendance a JOIN tenant t ON t.key = a.tenant
            WHERE NOT EXISTS (SELECT 1 FROM appointment p WHERE p.tenant = a.tenant AND p.id = a.appointment)
            """),
        new("""
            SELECT 'Tenant ' || coalesce(t.name, x.tenant::text) || ': table ' || x.place || ' points to a calendar that is not there: ' || x.calendar
            FROM (SELECT 'attendance' AS place, tenant, calendar FROM attendance UNION SELECT 'calendar_change', tenant, calendar FROM calendar_change
                  UNION SELECT 'open_hours', tenant, calendar FROM open_hours UNION SELECT 'hold_calendar', tenant, calendar FROM hold_calendar
                  UNION SELECT 'open_series', tenant, calendar FROM open_series) x
            LEFT JOIN tenant t ON t.key = x.tenant
            WHERE NOT EXISTS (SELECT 1 FROM calendar c WHERE c.tenant = x.tenant AND c.key = x.calendar)
            """),
        new("""
            SELECT 'Tenant ' || t.name || ': an appointment lies on no calendar: ' || p.id
            FROM appointment p JOIN tenant t ON t.key = p.tenant LEFT JOIN attendance a ON a.tenant = p.tenant AND a.appointment = p.id
            WHERE a.appointment IS NULL AND NOT EXISTS (SELECT 1 FROM series s WHERE s.tenant = p.tenant AND s.id = p.id)
            """),
        // By these it is found, and forgotten, when it changes.
        new("""
            SELECT 'Tenant ' || t.name || ': an appointment says that it lies on other calendars than it does: ' || x.id
            FROM (SELECT p.tenant, p.id, p.start_at, array_agg(a.calendar ORDER BY a.calendar) AS lies, coalesce(p.calendars, m.calendars) AS says,
                         bool_and(a.start_at BETWEEN p.start_at - '26:00:00'::interval AND p.start_at + '26:00:00'::interval) AS near
                  FROM appointment p JOIN attendance a ON a.tenant = p.tenant AND a.appointment = p.id
                  LEFT JOIN appointment m ON NOT p.detached AND m.tenant = p.tenant AND m.id = p.series
                  GROUP BY p.tenant, p.id, m.calendars) x
            JOIN tenant t ON t.key = x.tenant
            WHERE NOT x.near OR x.lies IS DISTINCT FROM (SELECT array_agg(k ORDER BY k) FROM unnest(x.says) k)
            """),
        new("""
            SELECT 'Tenant ' || t.name || ': an occurrence belongs to no series, or differs from it: ' || p.id
            FROM appointment p JOIN tenant t ON t.key = p.tenant LEFT JOIN series s ON s.tenant = p.tenant AND s.id = p.series
            LEFT JOIN appointment m ON m.tenant = p.tenant AND m.id = p.series
            WHERE p.series IS NOT NULL AND (s.id IS NULL OR (NOT p.detached
              AND (p.owner <> m.owner OR p.privacy <> m.privacy OR p.all_day <> m.all_day OR p.body IS NOT NULL)))
            """),
        new("""
            SELECT 'Tenant ' || t.name || ': calendar ' || o.calendar || ' has another horizon than the series itself: ' || o.series
            FROM open_series o JOIN series s ON s.tenant = o.tenant AND s.id = o.series JOIN tenant t ON t.key = o.tenant
            WHERE o.stored_until <> s.stored_until
            """),
        // Whoever looks far ahead finds a series through the calendars it is open on.
        new("""
            SELECT 'Tenant ' || t.name || ': a series that goes on is not found on its calendar ' || c.id || ': ' || s.id
            FROM series s JOIN tenant t ON t.key = s.tenant JOIN appointment p ON p.tenant = s.tenant AND p.id = s.id
            CROSS JOIN LATERAL unnest(p.calendars) k (key) JOIN calendar c ON c.tenant = s.tenant AND c.key = k.key
            WHERE s.stored_until < 'infinity'
              AND NOT EXISTS (SELECT 1 FROM open_series o WHERE o.tenant = s.tenant AND o.series = s.id AND o.calendar = c.key)
            """),
        new("""
            SELECT 'Tenant ' || t.name || ': a series is kept as going on where it does not: ' || o.series
            FROM open_series o JOIN tenant t ON t.key = o.tenant JOIN calendar c ON c.tenant = o.tenant AND c.key = o.calendar
            JOIN appointment p ON p.tenant = o.tenant AND p.id = o.series
            WHERE c.key <> ALL (p.calendars)
            """),
        new("""
            SELECT 'Tenant ' || t.name || ': an appointment''s owner has no calendar: ' || p.id
            FROM appointment p JOIN tenant t ON t.key = p.tenant
            WHERE NOT EXISTS (SELECT 1 FROM calendar c WHERE c.tenant = p.tenant AND c.key = p.owner)
            """),
        // An all-day appointment has another span in each zone; of all others there is one.
        new("""
            SELECT 'Tenant ' || t.name || ': calendar ' || a.calendar || ' has other facts than the appointment itself: ' || p.id
            FROM attendance a JOIN appointment p ON p.tenant = a.tenant AND p.id = a.appointment JOIN tenant t ON t.key = a.tenant
            WHERE a.owner <> p.owner OR a.privacy <> p.privacy OR a.all_day <> p.all_day
               OR (NOT p.all_day AND (a.start_at <> p.start_at OR a.end_at <> p.end_at))
            """),
        new("""
            SELECT 'Tenant ' || x.tenant || ': calendar ' || x.calendar || ' refuses double booking and is booked twice: ' || x.appointment
            FROM (SELECT t.name AS tenant, c.id AS calendar, a.appointment, a.start_at,
                         max(a.end_at) OVER (PARTITION BY a.tenant, a.calendar ORDER BY a.start_at, a.appointment
                                             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS taken_until
                  FROM calendar c JOIN attendance a ON a.tenant = c.tenant AND a.calendar = c.key JOIN tenant t ON t.key = c.tenant
                  WHERE c.double_booking = 'refuse' AND a.busy <> 'f' AND a.end_at > a.start_at) x
            WHERE x.start_at < x.taken_until
            """),
        new("""
            SELECT 'Tenant ' || t.name || ': what is booked exclusively differs from what blocks in calendar ' || coalesce(x.calendar, b.calendar)
                || ': ' || coalesce(x.appointment, b.appointment)
            FROM (SELECT a.tenant, a.calendar, a.appointment, tstzrange(a.start_at, a.end_at) AS during
                  FROM calendar c JOIN attendance a ON a.tenant = c.tenant AND a.calendar = c.key
                  WHERE c.double_booking = 'refuse' AND a.busy <> 'f' AND a.end_at > a.start_at) x
            FULL JOIN exclusive_booking b ON b.tenant = x.tenant AND b.calendar = x.calendar AND b.appointment = x.appointment
            JOIN tenant t ON t.key = coalesce(x.tenant, b.tenant)
            WHERE x.during IS DISTINCT FROM b.during
            """),
        new("""
            SELECT 'Tenant ' || t.name || ': calendar ' || h.calendar || ' has other facts than the hold itself: ' || h.hold
            FROM hold_calendar h JOIN tenant t ON t.key = h.tenant LEFT JOIN hold o ON o.tenant = h.tenant AND o.id = h.hold
            WHERE (h.start_at = o.start_at AND h.end_at = o.end_at AND h.expires_at = o.expires_at) IS NOT TRUE
            """),
        new("""
            SELECT 'Tenant ' || t.name || ': calendar ' || c.id || ' has open hours of version ' || o.version || ', but the trail set them '
                || coalesce(s.times, 0) || ' times'
            FROM open_hours o JOIN tenant t ON t.key = o.tenant JOIN calendar c ON c.tenant = o.tenant AND c.key = o.calendar
            LEFT JOIN (SELECT tenant, data ->> 'calendar' AS id, count(*) AS times
                       FROM command WHERE name = 'set-open-hours' GROUP BY 1, 2) s ON s.tenant = o.tenant AND s.id = c.id
            WHERE o.version < coalesce(s.times, 0) OR (o.version > coalesce(s.times, 0)
                AND NOT (c.counted_from > 0 AND EXISTS (SELECT 1 FROM trail_dropped d WHERE d.tenant = o.tenant)))
            """),
    ];
}
