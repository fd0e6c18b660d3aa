namespace Kalends.Storage.Sqlite;

/// <summary>Appointments, their attendances, calendars and holds must agree with each other.</summary>
internal static class AppointmentChecks
{
    public static readonly Check[] All =
    [
        new($"""
            SELECT 'Tenant ' || t.name || ': calendar ' || a.calendar || ' has an attendance of an appointment that is not there: ' || {Id("a.appointment")}
            FROM attendance a JOIN tenant t ON t.key = a.tenant
            WHERE NOT EXISTS (SELECT 1 FROM appointment p WHERE p.tenant = a.tenant AND p.id = a.appointment)
            """),
        new($"""
            SELECT 'Tenant ' || t.name || ': an appointment lies on no calendar: ' || {Id("p.id")}
            FROM appointment p JOIN tenant t ON t.key = p.tenant
            WHERE NOT EXISTS (SELECT 1 FROM attendance a WHERE a.tenant = p.tenant AND a.appointment = p.id)
              AND NOT EXISTS (SELECT 1 FROM series s WHERE s.tenant = p.tenant AND s.id = p.id)
            """),
        new($"""
            SELECT 'Tenant ' || t.name || ': an occurrence belongs to no series, or differs from it: ' || {Id("p.id")}
            FROM appointment p JOIN tenant t ON t.key = p.tenant LEFT JOIN series s ON s.tenant = p.tenant AND s.id = p.series
            LEFT JOIN appointment m ON m.tenant = p.tenant AND m.id = p.series
            WHERE p.series IS NOT NULL AND (s.id IS NULL
              OR (p.detached = 0 AND (p.owner <> m.owner OR p.privacy <> m.privacy OR p.all_day <> m.all_day OR p.body <> '{"{}"}')))
            """),
        new($"""
            SELECT 'Tenant ' || t.name || ': calendar ' || o.calendar || ' has another horizon than the series itself: ' || {Id("o.series")}
            FROM open_series o JOIN series s ON s.tenant = o.tenant AND s.id = o.series JOIN tenant t ON t.key = o.tenant
            WHERE o.stored_until <> s.stored_until
            """),
        // Whoever looks far ahead finds a series through the calendars it is open on.
        new($"""
            SELECT 'Tenant ' || t.name || ': a series that goes on is not found on its calendar ' || c.id || ': ' || {Id("s.id")}
            FROM series s JOIN tenant t ON t.key = s.tenant JOIN appointment p ON p.tenant = s.tenant AND p.id = s.id
            JOIN json_each(p.body, '$.attendees') e JOIN calendar c ON c.tenant = s.tenant AND c.id = e.value ->> 'calendar'
            WHERE s.stored_until < {long.MaxValue}
              AND NOT EXISTS (SELECT 1 FROM open_series o WHERE o.tenant = s.tenant AND o.series = s.id AND o.calendar = c.key)
            """),
        new($"""
            SELECT 'Tenant ' || t.name || ': a series is kept as going on where it does not: ' || {Id("o.series")}
            FROM open_series o JOIN tenant t ON t.key = o.tenant JOIN calendar c ON c.tenant = o.tenant AND c.key = o.calendar
            JOIN appointment p ON p.tenant = o.tenant AND p.id = o.series
            WHERE NOT EXISTS (SELECT 1 FROM json_each(p.body, '$.attendees') e WHERE e.value ->> 'calendar' = c.id)
            """),
        new($"""
            SELECT 'Tenant ' || t.name || ': an appointment''s owner has no calendar: ' || {Id("p.id")}
            FROM appointment p JOIN tenant t ON t.key = p.tenant
            WHERE NOT EXISTS (SELECT 1 FROM calendar c WHERE c.tenant = p.tenant AND c.key = p.owner)
            """),
        // An all-day appointment has another span in each zone; of all others there is one.
        new($"""
            SELECT 'Tenant ' || t.name || ': calendar ' || a.calendar || ' has other facts than the appointment itself: ' || {Id("p.id")}
            FROM attendance a JOIN appointment p ON p.tenant = a.tenant AND p.id = a.appointment JOIN tenant t ON t.key = a.tenant
            WHERE a.owner <> p.owner OR a.privacy <> p.privacy OR a.all_day <> p.all_day
               OR (p.all_day = 0 AND (a.start_at <> p.start_at OR a.end_at <> p.end_at))
            """),
        new($"""
            SELECT 'Tenant ' || tenant || ': calendar ' || calendar || ' refuses double booking and is booked twice: ' || {Id("appointment")}
            FROM (SELECT t.name AS tenant, c.id AS calendar, a.appointment, a.start_at,
                         max(a.end_at) OVER (PARTITION BY a.tenant, a.calendar ORDER BY a.start_at, a.appointment
                                             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS taken_until
                  FROM calendar c JOIN attendance a ON a.tenant = c.tenant AND a.calendar = c.key JOIN tenant t ON t.key = c.tenant
                  WHERE c.double_booking = 'refuse' AND a.busy > 0 AND a.end_at > a.start_at)
            WHERE start_at < taken_until
            """),
        new($"""
            SELECT 'Tenant ' || t.name || ': calendar ' || h.calendar || ' has other facts than the hold itself: ' || {Id("h.hold")}
            FROM hold_calendar h JOIN tenant t ON t.key = h.tenant LEFT JOIN hold o ON o.tenant = h.tenant AND o.id = h.hold
            WHERE (h.start_at = o.start_at AND h.end_at = o.end_at AND h.expires_at = o.expires_at) IS NOT TRUE
            """),
        Json("appointment", "body", Id("x.id")),
        Json("calendar", "features", "x.id"),
        Json("idempotency", "body", "x.person || ' ' || x.key"),
    ];

    /// <summary>A UUID as people write it.</summary>
    public static string Id(string column) =>
        $"lower(substr(hex({column}), 1, 8) || '-' || substr(hex({column}), 9, 4) || '-' || substr(hex({column}), 13, 4)"
        + $" || '-' || substr(hex({column}), 17, 4) || '-' || substr(hex({column}), 21))";

    public static Check Json(string table, string column, string name) => new($"""
        SELECT 'Tenant ' || t.name || ': {table}.{column} is not JSON: ' || {name}
        FROM {table} x JOIN tenant t ON t.key = x.tenant
        WHERE x.{column} IS NOT NULL AND NOT json_valid(x.{column})
        """);
}
