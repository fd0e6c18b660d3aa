using static Kalends.Storage.Copying.Kind;

namespace Kalends.Storage.Copying;

/// <summary>Every table that is copied, in an order in which each finds what it points to.</summary>
internal static class CopiedTables
{
    /// <summary>Places in a row of <see cref="Appointment"/>, which PostgreSQL stores in another form.</summary>
    public const int Id = 1, Uid = 2, From = 6, To = 7, Detached = 9, Series = 10, Body = 12, Calendars = 13;

    // What PostgreSQL notes beside an appointment SQLite finds by an index, or, of a series, in what it says.
    private const string CalendarsInSqlite = """
        CASE WHEN x.series IS NOT NULL AND x.detached = 0 THEN NULL
        WHEN EXISTS (SELECT 1 FROM series s WHERE s.tenant = x.tenant AND s.id = x.id) THEN
            (SELECT json_group_array(key) FROM (SELECT DISTINCT c.key FROM json_each(x.body, '$.attendees') e
             CROSS JOIN calendar c ON c.tenant = x.tenant AND c.id = e.value ->> 'calendar' ORDER BY c.key))
        ELSE (SELECT json_group_array(calendar) FROM
            (SELECT a.calendar FROM attendance a WHERE a.tenant = x.tenant AND a.appointment = x.id ORDER BY a.calendar)) END
        """;

    private static readonly Column Tenant = new("tenant", Integer);

    private static readonly Column Calendar = new("calendar", Integer);

    private static readonly Column[] Span = [new("start_at", Moment), new("end_at", Moment)];

    public static readonly CopiedTable Appointment = new(
        "appointment", "x.tenant, x.id", Tenant, new("id", Kind.Id), new("uid", Text), new("version", Integer), new("owner", Integer),
        new("privacy", Privacy), Span[0], Span[1], new("all_day", Bool), new("detached", Bool), new("series", Kind.Id), new("title", Text),
        new("body", Bytes), new("calendars", Keys, CalendarsInSqlite));

    public static readonly IReadOnlyList<CopiedTable> All =
    [
        new("tenant", "x.key", new("key", Integer), new("name", Text)),
        new("calendar", "x.tenant, x.key", Tenant, new("key", Integer), new("id", Text), new("version", Long), new("kind", Text), new("name", Text),
            new("time_zone", Text), new("double_booking", Text), new("capacity", Integer), new("features", Texts), new("site", Text),
            new("email", Text), new("phone", Text), new("counted_from", Long)),
        new("open_hours", "x.tenant, x.calendar", Tenant, Calendar, new("version", Long), new("body", Json)),
        new("relation", "x.tenant, x.object, x.relation, x.subject", Tenant, new("object", Text), new("relation", Text), new("subject", Text)),
        new("relation_state", "x.tenant", Tenant, new("version", Long), new("default_stated", Bool)),
        Appointment,
        new("attendance", "x.tenant, x.calendar, x.start_at, x.end_at, x.appointment", Tenant, Calendar, Span[0], Span[1], new("appointment", Kind.Id),
            new("busy", Busyness), new("privacy", Privacy), new("owner", Integer), new("all_day", Bool)),
        new("series", "x.tenant, x.id", Tenant, new("id", Kind.Id), new("stored_until", Moment)),
        new("open_series", "x.tenant, x.calendar, x.series", Tenant, Calendar, new("series", Kind.Id), new("stored_until", Moment)),
        new("hold", "x.tenant, x.id", Tenant, new("id", Kind.Id), new("person", Text), Span[0], Span[1], new("expires_at", Moment)),
        new("hold_calendar", "x.tenant, x.calendar, x.start_at, x.hold", Tenant, Calendar, Span[0], Span[1], new("hold", Kind.Id), new("expires_at", Moment)),
        new("idempotency", "x.tenant, x.person, x.key", Tenant, new("person", Text), new("key", Text), new("command", Text), new("request_hash", Bytes),
            new("refused", Bool), new("body", Json), new("kept_at", Moment)),
        new("command", "x.tenant, x.id", Tenant, new("id", Kind.Id), new("at", Moment), new("person", Text), new("app", Text), new("name", Text),
            new("request_id", Text), new("data", Json)),
        new("trail", "x.seq", Tenant, new("seq", Long), new("at", Moment, "c.at"), new("version", Integer), new("command", Kind.Id),
            new("event", Kind.Id, "o.id"), new("appointment", Kind.Id), new("series", Kind.Id), new("kind", Text), new("calendars", Keys, "x.versions"),
            new("versions", Versions), new("before", Json), new("after", Json))
        {
            FromInSqlite = "trail x CROSS JOIN command c ON c.tenant = x.tenant AND c.id = x.command LEFT JOIN outbox o ON o.trail = x.seq",
        },
        new("trail_seal", "x.tenant, x.number", Tenant, new("number", Long), new("made_at", Moment), new("whole", Long), new("entries", Long),
            new("digests", Bytes), new("sum", Bytes), new("hash", Bytes)),
        new("trail_erasure", "x.tenant, x.seq, x.is_after", Tenant, new("seq", Long), new("is_after", Bool), new("command", Kind.Id), new("said", Bytes),
            new("says", Bytes)),
        new("trail_dropped", "x.tenant", Tenant, new("seq", Long), new("kept_from", Moment), new("entries", Long), new("seals", Long)),
        new("calendar_view", "x.tenant, x.calendar, x.day, x.viewer", Tenant, Calendar, new("day", Integer), new("viewer", Text), new("views", Long)),
        new("calendar_change", "x.tenant, x.calendar, x.appointment", Tenant, Calendar, new("appointment", Kind.Id),
            new("calendar_version", Long, "x.seq"), new("created_with", Long, "x.created_seq"), new("version", Integer), new("deleted", Bool)),
        new("operation", "x.tenant, x.id", Tenant, new("id", Kind.Id), new("created_at", Moment, "x.created_at / 1000"), new("status", Text),
            new("scopes", Integer), new("person", Text), new("app", Text), new("command", Text), new("key", Text), new("request_id", Text),
            new("request", Json), new("answer", Json)),
        new("reminder_watch", "x.tenant, x.appointment", Tenant, new("appointment", Kind.Id), new("due_at", Moment)),
        new("reminder_acknowledgement", "x.tenant, x.appointment, x.calendar", Tenant, new("appointment", Kind.Id), Calendar, new("acknowledged", Moment),
            new("snoozed_until", Moment), new("channel", Text), new("kept_until", Moment)),
        new("reminder_delivery", "x.tenant, x.start_at, x.appointment, x.calendar, x.reminder, x.channel", Tenant, Span[0], new("appointment", Kind.Id),
            Calendar, new("reminder", Text), new("channel", Text), new("scheduled_at", Moment), new("at", Moment), new("message", Long),
            new("published", Long), new("id", Kind.Id), new("state", Text)),
        new("push_subscription", "x.tenant, x.id", Tenant, new("id", Kind.Id), new("person", Text), new("endpoint", Text), new("public_key", Bytes),
            new("secret", Bytes), new("subscribed_at", Moment), new("expires_at", Moment)),
        new("schedule", "x.tenant, x.name", Tenant, new("name", Text), new("rule", Text), new("zone", Text), new("turn", Long), new("next_at", Moment),
            new("last_at", Moment), new("last_outcome", Text)),
        new("webhook", "x.tenant, x.id", Tenant, new("id", Kind.Id), new("person", Text), new("app", Text), new("uri", Text), new("types", Json),
            new("calendars", Json), new("secret", Text), new("secret_before", Text), new("rotated_until", Moment, "x.rotated_until / 1000"),
            new("created_at", Moment, "x.created_at / 1000"), new("since", Moment, "x.since / 1000"), new("place", Long), new("due", Long),
            new("disabled_for", Text), new("failing_since", Moment, "x.failing_since / 1000"), new("attempts", Integer), new("last_error", Text)),
        new("webhook_place", "x.tenant", Tenant, new("place", Long)),
        new("webhook_delivery", "x.tenant, x.webhook, x.event", Tenant, new("webhook", Kind.Id), new("event", Kind.Id), new("seq", Long), new("type", Text),
            new("status", Text), new("attempts", Integer), new("ended_at", Moment, "x.ended_at / 1000"), new("error", Text)),
        new("queue_message", "x.id", Tenant, new("id", Long), new("queue", Text), new("kind", Text), new("destination", Text),
            new("enqueued_at", Moment, "x.enqueued_at / 1000"), new("visible_at", Moment, "x.visible_at / 1000"), new("deadline", Moment, "x.deadline / 1000"),
            new("held", Bool), new("lease", Long), new("reads", Integer), new("last_error", Text), new("body", Json)),
        new("queue_archive", "x.id", Tenant, new("id", Long), new("queue", Text), new("kind", Text), new("destination", Text),
            new("enqueued_at", Moment, "x.enqueued_at / 1000"), new("archived_at", Moment, "x.archived_at / 1000"),
            new("deadline", Moment, "x.deadline / 1000"), new("dead", Bool), new("lease", Long), new("reads", Integer), new("last_error", Text),
            new("body", Json)),
        new("outbox", "x.seq", Tenant, new("seq", Long), new("time", Moment), new("id", Kind.Id), new("type", Text), new("subject", Text), new("data", Json)),
    ];
}
