using System.Globalization;
using Kalends.Appointments;
using Kalends.Reminders;
using NodaTime;

namespace Kalends.Storage.Sqlite;

/// <summary>Reminders: what is watched, what people said of it, what was sent. Parameters of what names a delivery: ?2 to ?6.</summary>
internal sealed class ReminderRows(SqliteSession session) : IReminderWrites
{
    private const string WatchSql = """
        INSERT INTO reminder_watch (tenant, appointment, due_at) VALUES (?1, ?2, ?3) ON CONFLICT (tenant, appointment) DO UPDATE SET due_at = ?3
        """;

    private const string UnwatchSql = "DELETE FROM reminder_watch WHERE tenant = ?1 AND appointment = ?2";

    private const string LookAgainSql = """
        UPDATE reminder_watch SET due_at = min(due_at, ?3)
        WHERE tenant = ?1 AND appointment IN (?2, (SELECT series FROM appointment WHERE tenant = ?1 AND id = ?2))
        """;

    private const string TakeDueSql = "SELECT appointment, due_at FROM reminder_watch WHERE tenant = ?1 AND due_at <= ?2 ORDER BY due_at LIMIT ?3";

    private const string Said = "appointment, calendar, acknowledged, snoozed_until, channel, kept_until";

    private const string SnoozedSql = $"""
        SELECT {Said} FROM reminder_acknowledgement WHERE tenant = ?1 AND snoozed_until <= ?2 ORDER BY snoozed_until LIMIT ?3
        """;

    private const string WakeSql = "UPDATE reminder_acknowledgement SET snoozed_until = NULL WHERE tenant = ?1 AND appointment = ?2 AND calendar = ?3";

    private const string AcknowledgedSql = $"SELECT {Said} FROM reminder_acknowledgement WHERE tenant = ?1 AND appointment = ?2";

    private const string AcknowledgeSql = $"""
        INSERT INTO reminder_acknowledgement (tenant, {Said}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        ON CONFLICT (tenant, appointment, calendar) DO UPDATE SET acknowledged = ?4, snoozed_until = ?5, channel = ?6, kept_until = ?7
        """;

    private const string Key = "start_at, appointment, calendar, reminder, channel";

    private const string Named = $"tenant = ?1 AND ({Key}) = (?2, ?3, ?4, ?5, ?6)";

    private const string StateSql = $"SELECT state, message FROM reminder_delivery WHERE {Named}";

    private const string IntendSql = $"""
        INSERT INTO reminder_delivery (tenant, {Key}, scheduled_at, at, message, id, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'sending')
        ON CONFLICT DO NOTHING
        """;

    private const string TakeBackSql = $"DELETE FROM reminder_delivery WHERE {Named} AND message = ?7 AND state = 'sending'";

    private const string EndSql = $"""
        INSERT INTO reminder_delivery (tenant, {Key}, scheduled_at, at, message, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
        ON CONFLICT DO UPDATE SET state = ?10, at = ?8 WHERE state = 'sending' AND message = ?9
        """;

    private const string PublishSql = "INSERT INTO outbox (tenant, id, type, subject, time, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

    private const string PublishedSql = $"UPDATE reminder_delivery SET published = ?7 WHERE {Named}";

    private const string OldSql = $"SELECT {Key}, published FROM reminder_delivery WHERE tenant = ?1 AND start_at < ?2 ORDER BY start_at LIMIT ?3";

    private const string ForgetSql = $"DELETE FROM reminder_delivery WHERE {Named}";

    private const string DropPublicationSql = "DELETE FROM outbox WHERE seq = ?2 AND tenant = ?1";

    private const string ForgetSaidSql = """
        DELETE FROM reminder_acknowledgement WHERE (tenant, appointment, calendar) IN
            (SELECT tenant, appointment, calendar FROM reminder_acknowledgement WHERE tenant = ?1 AND kept_until < ?2 LIMIT ?3)
        """;

    public ValueTask Watch(IReadOnlyCollection<ReminderWatch> watches)
    {
        foreach (var watch in watches)
        {
            _ = watch.DueAt is { } due
                ? session.Prepare(WatchSql).With(watch.Appointment).With(due).Run()
                : session.Prepare(UnwatchSql).With(watch.Appointment).Run();
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask LookAgain(IReadOnlyCollection<Guid> appointments, long by)
    {
        foreach (var appointment in appointments)
        {
            session.Prepare(LookAgainSql).With(appointment).With(by).Run();
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<ReminderWatch>> TakeDue(long until, int most)
    {
        var found = new List<ReminderWatch>();
        var row = session.Prepare(TakeDueSql).With(until).With(most);
        while (row.Step())
        {
            found.Add(new(row.Guid(0), row.Long(1)));
        }

        return ValueTask.FromResult<IReadOnlyList<ReminderWatch>>(found);
    }

    public ValueTask<IReadOnlyList<Acknowledgement>> TakeSnoozed(long until, int most)
    {
        var taken = All(session.Prepare(SnoozedSql).With(until).With(most));
        foreach (var one in taken)
        {
            session.Prepare(WakeSql).With(one.Appointment).With(one.Calendar).Run();
        }

        return ValueTask.FromResult<IReadOnlyList<Acknowledgement>>(taken);
    }

    public ValueTask<IReadOnlyList<Acknowledgement>> Acknowledged(IReadOnlyCollection<Guid> appointments) =>
        ValueTask.FromResult<IReadOnlyList<Acknowledgement>>(
            [.. appointments.SelectMany(appointment => All(session.Prepare(AcknowledgedSql).With(appointment)))]);

    public ValueTask Acknowledge(Acknowledgement said)
    {
        session.Prepare(AcknowledgeSql).With(said.Appointment).With(said.Calendar).With(said.Acknowledged).With(said.SnoozedUntil)
            .With(said.Channel is { } channel ? StoredChannel.Of(channel) : null).With(said.KeptUntil).Run();
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyDictionary<DeliveryKey, (DeliveryState State, long Message)>> States(IReadOnlyCollection<DeliveryKey> keys)
    {
        var found = new Dictionary<DeliveryKey, (DeliveryState, long)>();
        foreach (var key in keys)
        {
            var row = Of(StateSql, key);
            if (row.Step())
            {
                found[key] = (StoredChannel.State(row.Text(0)), row.Long(1));
            }
        }

        return ValueTask.FromResult<IReadOnlyDictionary<DeliveryKey, (DeliveryState, long)>>(found);
    }

    public ValueTask<IReadOnlySet<DeliveryKey>> Intend(IReadOnlyCollection<DeliveryIntent> intents, long message, Instant now) =>
        ValueTask.FromResult<IReadOnlySet<DeliveryKey>>(intents.Where(intent => Of(IntendSql, intent.Key).With(intent.ScheduledAt)
            .With(now.ToUnixTimeSeconds()).With(message).With(intent.Id).Run() == 1).Select(intent => intent.Key).ToHashSet());

    public ValueTask TakeBack(IReadOnlyCollection<DeliveryKey> keys, long message)
    {
        foreach (var key in keys)
        {
            Of(TakeBackSql, key).With(message).Run();
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask End(IReadOnlyCollection<DeliveryEnd> ends, long message, Instant now)
    {
        foreach (var end in ends.DistinctBy(end => end.Key))
        {
            var at = now.ToUnixTimeSeconds();
            if (Of(EndSql, end.Key).With(end.ScheduledAt).With(at).With(message).With(StoredChannel.Of(end.State)).Run() == 1
                && end.Publication is { } published)
            {
                var id = Guid.CreateVersion7(now.ToDateTimeOffset()).ToString("D", CultureInfo.InvariantCulture);
                session.Prepare(PublishSql).With(id).With(published.Type).With(published.Subject).With(at).WithJson(published.Data).Run();
                Of(PublishedSql, end.Key).With(session.Connection.LastRowId).Run();
            }
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<long> Forget(Instant before, int most)
    {
        session.Prepare(ForgetSaidSql).With(before.ToUnixTimeSeconds()).With(most).Run();
        var old = new List<(DeliveryKey Key, long? Published)>();
        var row = session.Prepare(OldSql).With(before.ToUnixTimeSeconds()).With(most);
        while (row.Step())
        {
            old.Add((
                new(row.Long(0), row.Guid(1), row.Long(2), row.Text(3), StoredChannel.Channel(row.Text(4))), row.IsNull(5) ? null : row.Long(5)));
        }

        foreach (var (key, published) in old)
        {
            Of(ForgetSql, key).Run();
            if (published is { } number)
            {
                session.Prepare(DropPublicationSql).With(number).Run();
            }
        }

        return ValueTask.FromResult((long)old.Count);
    }

    private Statement Of(string constantSql, DeliveryKey key) => session.Prepare(constantSql).With(key.Start).With(key.Appointment).With(key.Calendar)
        .With(key.Reminder).With(StoredChannel.Of(key.Channel));

    private static List<Acknowledgement> All(Statement row)
    {
        var found = new List<Acknowledgement>();
        while (row.Step())
        {
            found.Add(new(row.Guid(0), row.Long(1), row.Long(2))
            {
                SnoozedUntil = row.IsNull(3) ? null : row.Long(3),
                Channel = row.IsNull(4) ? null : StoredChannel.Channel(row.Text(4)),
                KeptUntil = row.Long(5),
            });
        }

        return found;
    }
}
