namespace Kalends.Storage.Sqlite;

/// <summary>Open hours must be readable, and set by nothing but commands.</summary>
internal static class OpenHoursChecks
{
    public static readonly Check[] All =
    [
        new("""
            SELECT 'Tenant ' || t.name || ': calendar ' || c.id || ' has open hours of version ' || o.version || ', but the trail set them '
                || coalesce(s.times, 0) || ' times'
            FROM open_hours o JOIN tenant t ON t.key = o.tenant JOIN calendar c ON c.tenant = o.tenant AND c.key = o.calendar
            LEFT JOIN (SELECT tenant, CASE WHEN json_valid(data) THEN data ->> 'calendar' END AS id, count(*) AS times
                       FROM command WHERE name = 'set-open-hours' GROUP BY 1, 2) s ON s.tenant = o.tenant AND s.id = c.id
            WHERE o.version < coalesce(s.times, 0) OR (o.version > coalesce(s.times, 0)
                AND NOT (c.counted_from > 0 AND EXISTS (SELECT 1 FROM trail_dropped d WHERE d.tenant = o.tenant)))
            """),
        AppointmentChecks.Json("open_hours", "body", "x.calendar"),
    ];
}
