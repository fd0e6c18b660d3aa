using Kalends.Appointments;
using Kalends.Reminders;
using NodaTime;

namespace Kalends.Storage.Postgres;

/// <summary>Reminders: what is watched, what people said of it, what was sent.</summary>
internal sealed class ReminderRows(PostgresSession session) : IReminderWrites
{
    private const string WatchSql = """
        INSERT INTO reminder_watch (tenant, appointment, due_at) SELECT $1, n.appointment, n.due_at FROM unnest($2, $3) n (appointment, due_at)
        ORDER BY n.appointment ON CONFLICT (tenant, appointment) DO UPDATE SET due_at = excluded.due_at
        """;

    private const string UnwatchSql = "DELETE FROM reminder_watch WHERE tenant = $1 AND appointment = ANY ($2)";

    private const string LookAgainSql = """
        UPDATE reminder_watch SET due_at = least(due_at, $3) WHERE tenant = $1 AND appointment = ANY (ARRAY(
            SELECT unnest($2) UNION SELECT p.series FROM appointment p WHERE p.tenant = $1 AND p.id = ANY ($2) AND p.series IS NOT NULL))
        """;

    private const string TakeDueSql = """
        SELECT appointment, due_at FROM reminder_watch WHERE tenant = $1 AND due_at <= $2 ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
        """;

    private const string TakeSnoozedSql = """
        WITH taken AS (
            SELECT appointment, calendar, acknowledged, snoozed_until, channel, kept_until FROM reminder_acknowledgement
            WHERE tenant = $1 AND snoozed_until <= $2 ORDER BY snoozed_until LIMIT $3 FOR UPDATE SKIP LOCKED)
        UPDATE reminder_acknowledgement a SET snoozed_until = NULL FROM taken t
        WHERE a.tenant = $1 AND a.appointment = t.appointment AND a.calendar = t.calendar
        RETURNING t.appointment, t.calendar, t.acknowledged, t.snoozed_until, t.channel, t.kept_until
        """;

    private const string AcknowledgedSql = """
        SELECT appointment, calendar, acknowledged, snoozed_until, channel, kept_until FROM reminder_acknowledgement
        WHERE tenant = $1 AND appointment = ANY ($2)
        """;

    private const string AcknowledgeSql = """
        INSERT INTO reminder_acknowledgement (tenant, appointment, calendar, acknowledged, snoozed_until, channel, kept_until)
        SELECT $1, n.* FROM unnest($2, $3, $4, $5, $6, $7) n
        ON CONFLICT (tenant, appointment, calendar) DO UPDATE SET acknowledged = excluded.acknowledged, snoozed_until = excluded.snoozed_until,
            channel = excluded.channel, kept_until = excluded.kept_until
        """;

    private const string Keys = "unnest($2, $3, $4, $5, $6) n (start_at, appointment, calendar, reminder, channel)";

    private const string SameKey = """
        d.tenant = $1 AND d.start_at = n.start_at AND d.appointment = n.appointment AND d.calendar = n.calendar AND d.reminder = n.reminder
            AND d.channel = n.channel
        """;

    private const string KeyOfD = "d.start_at, d.appointment, d.calendar, d.reminder, d.channel";

    private const string StatesSql = $"SELECT {KeyOfD}, d.state, d.message FROM {Keys} JOIN reminder_delivery d ON {SameKey}";

    private const string IntendSql = $"""
        INSERT INTO reminder_delivery AS d (tenant, start_at, appointment, calendar, reminder, channel, scheduled_at, at, message, id, state)
        SELECT $1, n.start_at, n.appointment, n.calendar, n.reminder, n.channel, n.scheduled_at, $9, $10, n.id, 'sending'
        FROM unnest($2, $3, $4, $5, $6, $7, $8) WITH ORDINALITY n (start_at, appointment, calendar, reminder, channel, scheduled_at, id, place) ORDER BY n.place
        ON CONFLICT DO NOTHING RETURNING {KeyOfD}
        """;

    private const string TakeBackSql = $"DELETE FROM reminder_delivery d USING {Keys} WHERE {SameKey} AND d.message = $7 AND d.state = 'sending'";

    // A number is taken for each; that of one that is not written is never seen.
    private const string EndSql = $"""
        WITH n AS MATERIALIZED (
            SELECT u.*, CASE WHEN u.type IS NOT NULL THEN nextval('outbox_seq') END AS seq
            FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) WITH ORDINALITY
                u (start_at, appointment, calendar, reminder, channel, scheduled_at, state, type, subject, data, id, place)),
        ended AS (
            INSERT INTO reminder_delivery AS d (tenant, start_at, appointment, calendar, reminder, channel, scheduled_at, at, message, published, state)
            SELECT $1, n.start_at, n.appointment, n.calendar, n.reminder, n.channel, n.scheduled_at, $13, $14, n.seq, n.state FROM n ORDER BY n.place
            ON CONFLICT (tenant, start_at, appointment, calendar, reminder, channel) DO UPDATE
                SET state = excluded.state, at = excluded.at, published = excluded.published
                WHERE d.state = 'sending' AND d.message = excluded.message
            RETURNING d.published)
        INSERT INTO outbox (tenant, seq, time, id, type, subject, data)
        SELECT $1, n.seq, $13, n.id, n.type, n.subject, n.data FROM n JOIN ended e ON e.published = n.seq ORDER BY n.seq
        """;

    /// <summary>The function goes by it whoever calls.</summary>
    private const string NameSql = "SELECT set_config('kalends.tenant', $1::text, true)";

    private const string ForgetSql = "SELECT forget_reminders($2, $3) WHERE $1 IS NOT NULL";

    public ValueTask Watch(IReadOnlyCollection<ReminderWatch> watches)
    {
        var (ends, goesOn) = (watches.Where(one => one.DueAt is null).ToList(), watches.Where(one => one.DueAt is not null).ToList());
        if (ends.Count > 0)
        {
            session.Later(session.Prepare(UnwatchSql).WithAll(ends.Select(one => one.Appointment)));
        }

        if (goesOn.Count > 0)
        {
            session.Later(session.Prepare(WatchSql).WithAll(goesOn.Select(one => one.Appointment)).WithTimes(goesOn.Select(one => one.DueAt!.Value)));
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask LookAgain(IReadOnlyCollection<Guid> appointments, long by)
    {
        session.Later(session.Prepare(LookAgainSql).WithAll(appointments).WithTime(by));
        return ValueTask.CompletedTask;
    }

    public async ValueTask<IReadOnlyList<ReminderWatch>> TakeDue(long until, int most) => await session.All(
        session.Prepare(TakeDueSql).WithTime(until).With((long)most), row => new ReminderWatch(row.Guid(0), row.Time(1)));

    public async ValueTask<IReadOnlyList<Acknowledgement>> TakeSnoozed(long until, int most)
    {
        session.HasWritten = true;
        return await session.All(session.Prepare(TakeSnoozedSql).WithTime(until).With((long)most), Acknowledgement);
    }

    public async ValueTask<IReadOnlyList<Acknowledgement>> Acknowledged(IReadOnlyCollection<Guid> appointments) =>
        await session.All(session.Prepare(AcknowledgedSql).WithAll(appointments), Acknowledgement);

    public ValueTask Acknowledge(Acknowledgement said)
    {
        session.Later(session.Prepare(AcknowledgeSql).WithAll([said.Appointment]).WithKeys([said.Calendar]).WithTimes([said.Acknowledged])
            .WithTimesOrNull([said.SnoozedUntil]).WithAll([said.Channel is { } channel ? StoredChannel.Of(channel) : null]).WithTimes([said.KeptUntil]));
        return ValueTask.CompletedTask;
    }

    public async ValueTask<IReadOnlyDictionary<DeliveryKey, (DeliveryState State, long Message)>> States(IReadOnlyCollection<DeliveryKey> keys)
    {
        var found = new Dictionary<DeliveryKey, (DeliveryState, long)>();
        if (keys.Count > 0)
        {
            session.ReadBefore.Any = true;
            await session.Run(Keyed(StatesSql, [.. keys]).Reading(row => found[Key(row)] = (StoredChannel.State(row.Text(5)), row.Long(6))));
        }

        return found;
    }

    public async ValueTask<IReadOnlySet<DeliveryKey>> Intend(IReadOnlyCollection<DeliveryIntent> intents, long message, Instant now)
    {
        List<DeliveryIntent> sorted = [.. intents.OrderBy(intent => intent.Key)];
        session.HasWritten = true;
        return (await session.All(
            Keyed(IntendSql, [.. sorted.Select(intent => intent.Key)]).WithTimes(sorted.Select(intent => intent.ScheduledAt))
                .WithAll(sorted.Select(intent => intent.Id)).WithTime(now.ToUnixTimeSeconds()).With(message),
            Key)).ToHashSet();
    }

    public ValueTask TakeBack(IReadOnlyCollection<DeliveryKey> keys, long message)
    {
        session.Later(Keyed(TakeBackSql, [.. keys]).With(message));
        return ValueTask.CompletedTask;
    }

    public ValueTask End(IReadOnlyCollection<DeliveryEnd> ends, long message, Instant now)
    {
        List<DeliveryEnd> sorted = [.. ends.DistinctBy(end => end.Key).OrderBy(end => end.Key)];
        if (sorted.Count > 0)
        {
            session.Later(Keyed(EndSql, [.. sorted.Select(end => end.Key)]).WithTimes(sorted.Select(end => end.ScheduledAt))
                .WithAll(sorted.Select(end => StoredChannel.Of(end.State))).WithAll(sorted.Select(end => end.Publication?.Type))
                .WithAll(sorted.Select(end => end.Publication?.Subject)).WithJsons(sorted.Select(end => end.Publication?.Data))
                .WithAll(sorted.Select(_ => Guid.CreateVersion7(now.ToDateTimeOffset()))).WithTime(now.ToUnixTimeSeconds()).With(message));
        }

        return ValueTask.CompletedTask;
    }

    public async ValueTask<long> Forget(Instant before, int most)
    {
        var forgotten = 0L;
        session.HasWritten = true;
        await session.Run(
            session.Prepare(NameSql).Reading(_ => { }),
            session.Prepare(ForgetSql).WithTime(before.ToUnixTimeSeconds()).WithInteger(most).Reading(row => forgotten = row.Long(0)));
        return forgotten;
    }

    private Statement Keyed(string constantSql, IReadOnlyList<DeliveryKey> keys) => session.Prepare(constantSql)
        .WithTimes(keys.Select(key => key.Start)).WithAll(keys.Select(key => key.Appointment)).WithKeys(keys.Select(key => key.Calendar))
        .WithAll(keys.Select(key => key.Reminder)).WithAll(keys.Select(key => StoredChannel.Of(key.Channel)));

    private static DeliveryKey Key(Row row) => new(row.Time(0), row.Guid(1), row.Integer(2), row.Text(3), StoredChannel.Channel(row.Text(4)));

    private static Acknowledgement Acknowledgement(Row row) => new(row.Guid(0), row.Integer(1), row.Time(2))
    {
        SnoozedUntil = row.IsNull(3) ? null : row.Time(3), Channel = row.IsNull(4) ? null : StoredChannel.Channel(row.Text(4)), KeptUntil = row.Time(5),
    };
}
