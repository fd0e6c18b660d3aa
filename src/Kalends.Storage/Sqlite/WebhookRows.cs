using Kalends.Messages.Json;
using Kalends.Webhooks;
using NodaTime;

namespace Kalends.Storage.Sqlite;

/// <summary>Webhooks, and what came of what they were sent. Each delivery that is kept forgets a few that are too old.</summary>
internal sealed class WebhookRows(SqliteSession session) : IWebhookWrites
{
    private const string Columns = """
        id, person, app, uri, types, calendars, secret, secret_before, rotated_until, created_at, since, place, due, disabled_for, failing_since, attempts,
        last_error
        """;

    private const string FindSql = $"SELECT {Columns} FROM webhook WHERE tenant = ?1 AND id = ?2";

    private const string AllSql = $"SELECT {Columns} FROM webhook WHERE tenant = ?1 AND (?2 IS NULL OR person = ?2) ORDER BY id";

    private const string AddSql = $"""
        INSERT INTO webhook (tenant, {Columns}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
        """;

    private const string SaveSql = """
        UPDATE webhook SET uri = ?3, types = ?4, calendars = ?5, secret = ?6, secret_before = ?7, rotated_until = ?8, since = ?9, place = ?10, due = ?11,
            disabled_for = ?12, failing_since = ?13, attempts = ?14, last_error = ?15
        WHERE tenant = ?1 AND id = ?2
        """;

    private const string DeleteSql = "DELETE FROM webhook WHERE tenant = ?1 AND id = ?2";

    private const string PlaceSql = "SELECT place FROM webhook_place WHERE tenant = ?1";

    private const string SetPlaceSql = """
        INSERT INTO webhook_place (tenant, place) VALUES (?1, ?2) ON CONFLICT (tenant) DO UPDATE SET place = excluded.place
        """;

    private const string BeforeSql = "SELECT seq FROM outbox WHERE tenant = ?1 AND time < ?2 ORDER BY seq DESC LIMIT 1";

    private const string DeliveryColumns = "webhook, event, seq, type, status, attempts, ended_at, error";

    private const string DeliveriesSql = $"""
        SELECT {DeliveryColumns} FROM webhook_delivery
        WHERE tenant = ?1 AND webhook = ?2 AND (ended_at, event) < (?3, ?4) AND (?5 IS NULL OR status = ?5) ORDER BY ended_at DESC, event DESC LIMIT ?6
        """;

    private const string FindDeliverySql = $"SELECT {DeliveryColumns} FROM webhook_delivery WHERE tenant = ?1 AND webhook = ?2 AND event = ?3";

    private const string RecordSql = $"""
        INSERT INTO webhook_delivery (tenant, {DeliveryColumns}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
        ON CONFLICT (tenant, webhook, event) DO UPDATE SET
            seq = excluded.seq, type = excluded.type, status = excluded.status, attempts = excluded.attempts, ended_at = excluded.ended_at,
            error = excluded.error
        """;

    private const string ForgetSql = """
        DELETE FROM webhook_delivery WHERE rowid IN (SELECT rowid FROM webhook_delivery WHERE tenant = ?1 AND ended_at < ?2 ORDER BY ended_at LIMIT 10)
        """;

    public ValueTask<Webhook?> Find(Guid id) => ValueTask.FromResult(Read(session.Prepare(FindSql).With(id), Webhook).SingleOrDefault());

    public ValueTask<IReadOnlyList<Webhook>> All(CalendarId? person) => List(Read(session.Prepare(AllSql).With(person?.Value), Webhook));

    public ValueTask<long?> Place() => ValueTask.FromResult(Read(session.Prepare(PlaceSql), row => (long?)row.Long(0)).SingleOrDefault());

    /// <summary>One writes at a time.</summary>
    public ValueTask<long?> LockPlace() => Place();

    public ValueTask SetPlace(long place) => Run(session.Prepare(SetPlaceSql).With(place));

    public ValueTask<long> Before(Instant moment) =>
        ValueTask.FromResult(Read(session.Prepare(BeforeSql).With(moment.ToUnixTimeSeconds()), row => row.Long(0)).SingleOrDefault());

    public ValueTask Add(Webhook webhook) => Run(Lists(
            session.Prepare(AddSql).With(webhook.Id).With(webhook.Person.Value).With(webhook.App).With(webhook.Uri), webhook)
        .With(webhook.Secret).With(webhook.SecretBefore).With(Stored(webhook.RotatedUntil)).With(Stored(webhook.CreatedAt)).With(Stored(webhook.Since))
        .With(webhook.Place).With(webhook.Due).With(webhook.DisabledFor).With(Stored(webhook.FailingSince)).With(webhook.Attempts).With(webhook.LastError));

    public ValueTask Save(Webhook webhook) => Run(Lists(session.Prepare(SaveSql).With(webhook.Id).With(webhook.Uri), webhook)
        .With(webhook.Secret).With(webhook.SecretBefore).With(Stored(webhook.RotatedUntil)).With(Stored(webhook.Since)).With(webhook.Place).With(webhook.Due)
        .With(webhook.DisabledFor).With(Stored(webhook.FailingSince)).With(webhook.Attempts).With(webhook.LastError));

    public ValueTask Delete(Guid id) => Run(session.Prepare(DeleteSql).With(id));

    public ValueTask<IReadOnlyList<Delivery>> Deliveries(Guid webhook, DeliveryStatus? status, Instant? endedBefore, Guid? eventBefore, int limit) => List(Read(
        session.Prepare(DeliveriesSql).With(webhook).With(Stored(endedBefore ?? IWebhookRows.Latest)).With(eventBefore ?? Guid.Empty)
            .With(status is { } one ? Stored(one) : null).With(limit),
        Delivery));

    public ValueTask<Delivery?> FindDelivery(Guid webhook, Guid eventId) =>
        ValueTask.FromResult(Read(session.Prepare(FindDeliverySql).With(webhook).With(eventId), Delivery).SingleOrDefault());

    public async ValueTask Record(Delivery delivery)
    {
        await Run(session.Prepare(ForgetSql).With(Stored(delivery.EndedAt - IWebhookWrites.KeptFor)));
        await Run(session.Prepare(RecordSql).With(delivery.Webhook).With(delivery.Event).With(delivery.Seq).With(delivery.Type).With(Stored(delivery.Status))
            .With(delivery.Attempts).With(Stored(delivery.EndedAt)).With(delivery.Error));
    }

    private static ValueTask Run(Statement statement)
    {
        statement.Run();
        return ValueTask.CompletedTask;
    }

    private static ValueTask<IReadOnlyList<T>> List<T>(List<T> found) => ValueTask.FromResult<IReadOnlyList<T>>(found);

    private static List<T> Read<T>(Statement row, Func<Statement, T> read)
    {
        var found = new List<T>();
        while (row.Step())
        {
            found.Add(read(row));
        }

        return found;
    }

    private static Statement Lists(Statement statement, Webhook webhook) => statement.WithJson(WireJson.Write(webhook.Types))
        .WithJson(webhook.Calendars is { } calendars ? WireJson.Write(calendars) : null);

    private static string Stored(DeliveryStatus status) => status == DeliveryStatus.Delivered ? "delivered" : "failed";

    private static long? Stored(Instant? moment) => moment?.ToUnixTimeMilliseconds();

    private static Instant? Moment(Statement row, int column) => row.IsNull(column) ? null : Instant.FromUnixTimeMilliseconds(row.Long(column));

    private static Webhook Webhook(Statement row) => new()
    {
        Id = row.Guid(0),
        Person = new(row.Text(1)),
        App = row.Text(2),
        Uri = row.Text(3),
        Types = WireJson.Read<List<string>>(row.Bytes(4)),
        Calendars = row.IsNull(5) ? null : WireJson.Read<List<CalendarId>>(row.Bytes(5)),
        Secret = row.Text(6),
        SecretBefore = row.TextOrNull(7),
        RotatedUntil = Moment(row, 8),
        CreatedAt = Moment(row, 9)!.Value,
        Since = Moment(row, 10)!.Value,
        Place = row.Long(11),
        Due = row.Long(12),
        DisabledFor = row.TextOrNull(13),
        FailingSince = Moment(row, 14),
        Attempts = (int)row.Long(15),
        LastError = row.TextOrNull(16),
    };

    private static Delivery Delivery(Statement row) => new()
    {
        Webhook = row.Guid(0),
        Event = row.Guid(1),
        Seq = row.Long(2),
        Type = row.Text(3),
        Status = Enum.Parse<DeliveryStatus>(row.Text(4), ignoreCase: true),
        Attempts = (int)row.Long(5),
        EndedAt = Moment(row, 6)!.Value,
        Error = row.TextOrNull(7),
    };
}
