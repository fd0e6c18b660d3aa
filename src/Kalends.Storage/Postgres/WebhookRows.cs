using Kalends.Messages.Json;
using Kalends.Webhooks;
using NodaTime;

namespace Kalends.Storage.Postgres;

/// <summary>Webhooks, and what came of what they were sent. Each delivery that is kept forgets a few that are too old.</summary>
internal sealed class WebhookRows(PostgresSession session) : IWebhookWrites
{
    private const string Columns = """
        id, person, app, uri, types, calendars, secret, secret_before, rotated_until, created_at, since, place, due, disabled_for, failing_since, attempts,
        last_error
        """;

    private const string FindSql = $"SELECT {Columns} FROM webhook WHERE tenant = $1 AND id = $2";

    private const string FindAndLockSql = $"{FindSql} FOR UPDATE";

    private const string AllSql = $"SELECT {Columns} FROM webhook WHERE tenant = $1 AND ($2 IS NULL OR person = $2) ORDER BY id";

    private const string AddSql = $"""
        INSERT INTO webhook (tenant, {Columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
        """;

    private const string SaveSql = """
        UPDATE webhook SET uri = $3, types = $4, calendars = $5, secret = $6, secret_before = $7, rotated_until = $8, since = $9, place = $10, due = $11,
            disabled_for = $12, failing_since = $13, attempts = $14, last_error = $15
        WHERE tenant = $1 AND id = $2
        """;

    private const string DeleteSql = "DELETE FROM webhook WHERE tenant = $1 AND id = $2";

    private const string PlaceSql = "SELECT place FROM webhook_place WHERE tenant = $1";

    private const string SetPlaceSql = """
        INSERT INTO webhook_place (tenant, place) VALUES ($1, $2) ON CONFLICT (tenant) DO UPDATE SET place = excluded.place
        """;

    private const string LockPlaceSql = "SELECT pg_advisory_xact_lock(1801545837, $1)";

    private const string BeforeSql = "SELECT seq FROM outbox WHERE tenant = $1 AND time < $2 ORDER BY seq DESC LIMIT 1";

    private const string DeliveryColumns = "webhook, event, seq, type, status, attempts, ended_at, error";

    private const string DeliveriesSql = $"""
        SELECT {DeliveryColumns} FROM webhook_delivery
        WHERE tenant = $1 AND webhook = $2 AND (ended_at, event) < ($3, $4) AND ($5 IS NULL OR status = $5) ORDER BY ended_at DESC, event DESC LIMIT $6
        """;

    private const string FindDeliverySql = $"SELECT {DeliveryColumns} FROM webhook_delivery WHERE tenant = $1 AND webhook = $2 AND event = $3";

    private const string RecordSql = $"""
        INSERT INTO webhook_delivery (tenant, {DeliveryColumns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (tenant, webhook, event) DO UPDATE SET
            seq = excluded.seq, type = excluded.type, status = excluded.status, attempts = excluded.attempts, ended_at = excluded.ended_at,
            error = excluded.error
        """;

    private const string ForgetSql = """
        DELETE FROM webhook_delivery WHERE tenant = $1 AND (webhook, event) IN
            (SELECT webhook, event FROM webhook_delivery WHERE tenant = $1 AND ended_at < $2 ORDER BY ended_at LIMIT 10 FOR UPDATE SKIP LOCKED)
        """;

    public async ValueTask<Webhook?> Find(Guid id) =>
        (await session.All(session.Prepare(session.IsWriting ? FindAndLockSql : FindSql).With(id), Webhook)).SingleOrDefault();

    public async ValueTask<IReadOnlyList<Webhook>> All(CalendarId? person) => await session.All(session.Prepare(AllSql).With(person?.Value), Webhook);

    public async ValueTask<long?> Place() => (await session.All(session.Prepare(PlaceSql), row => (long?)row.Long(0))).SingleOrDefault();

    public async ValueTask<long?> LockPlace()
    {
        session.HasWritten = true;
        // In a statement before: what waited for the lock must see what was written by who had it.
        await session.Run(session.Prepare(LockPlaceSql).Reading(_ => { }));
        return await Place();
    }

    public ValueTask SetPlace(long place) => Later(session.Prepare(SetPlaceSql).With(place));

    public async ValueTask<long> Before(Instant moment) =>
        (await session.All(session.Prepare(BeforeSql).WithMoment(moment), row => row.Long(0))).SingleOrDefault();

    public ValueTask Add(Webhook webhook) => Later(Lists(
            session.Prepare(AddSql).With(webhook.Id).With(webhook.Person.Value).With(webhook.App).With(webhook.Uri), webhook)
        .With(webhook.Secret).With(webhook.SecretBefore).WithMoment(webhook.RotatedUntil).WithMoment(webhook.CreatedAt).WithMoment(webhook.Since)
        .With(webhook.Place).With(webhook.Due).With(webhook.DisabledFor).WithMoment(webhook.FailingSince).WithInteger(webhook.Attempts)
        .With(webhook.LastError));

    public ValueTask Save(Webhook webhook) => Later(Lists(session.Prepare(SaveSql).With(webhook.Id).With(webhook.Uri), webhook)
        .With(webhook.Secret).With(webhook.SecretBefore).WithMoment(webhook.RotatedUntil).WithMoment(webhook.Since).With(webhook.Place).With(webhook.Due)
        .With(webhook.DisabledFor).WithMoment(webhook.FailingSince).WithInteger(webhook.Attempts).With(webhook.LastError));

    public ValueTask Delete(Guid id) => Later(session.Prepare(DeleteSql).With(id));

    public async ValueTask<IReadOnlyList<Delivery>> Deliveries(Guid webhook, DeliveryStatus? status, Instant? endedBefore, Guid? eventBefore, int limit) =>
        await session.All(
            session.Prepare(DeliveriesSql).With(webhook).WithMoment(endedBefore ?? IWebhookRows.Latest).With(eventBefore ?? Guid.Empty)
                .With(status is { } one ? Stored(one) : null).With((long)limit),
            Delivery);

    public async ValueTask<Delivery?> FindDelivery(Guid webhook, Guid eventId) =>
        (await session.All(session.Prepare(FindDeliverySql).With(webhook).With(eventId), Delivery)).SingleOrDefault();

    public async ValueTask Record(Delivery delivery)
    {
        await Later(session.Prepare(ForgetSql).WithMoment(delivery.EndedAt - IWebhookWrites.KeptFor));
        await Later(session.Prepare(RecordSql).With(delivery.Webhook).With(delivery.Event).With(delivery.Seq).With(delivery.Type).With(Stored(delivery.Status))
            .WithInteger(delivery.Attempts).WithMoment(delivery.EndedAt).With(delivery.Error));
    }

    private ValueTask Later(Statement statement)
    {
        session.Later(statement);
        return ValueTask.CompletedTask;
    }

    private static Statement Lists(Statement statement, Webhook webhook)
    {
        statement.WithJson(WireJson.Write(webhook.Types));
        return webhook.Calendars is { } calendars ? statement.WithJson(WireJson.Write(calendars)) : statement.WithNoJson();
    }

    private static string Stored(DeliveryStatus status) => status == DeliveryStatus.Delivered ? "delivered" : "failed";

    private static Webhook Webhook(Row row) => new()
    {
        Id = row.Guid(0),
        Person = new(row.Text(1)),
        App = row.Text(2),
        Uri = row.Text(3),
        Types = WireJson.Read<List<string>>(row.Bytes(4)),
        Calendars = row.IsNull(5) ? null : WireJson.Read<List<CalendarId>>(row.Bytes(5)),
        Secret = row.Text(6),
        SecretBefore = row.TextOrNull(7),
        RotatedUntil = row.IsNull(8) ? null : row.Moment(8),
        CreatedAt = row.Moment(9),
        Since = row.Moment(10),
        Place = row.Long(11),
        Due = row.Long(12),
        DisabledFor = row.TextOrNull(13),
        FailingSince = row.IsNull(14) ? null : row.Moment(14),
        Attempts = row.Integer(15),
        LastError = row.TextOrNull(16),
    };

    private static Delivery Delivery(Row row) => new()
    {
        Webhook = row.Guid(0),
        Event = row.Guid(1),
        Seq = row.Long(2),
        Type = row.Text(3),
        Status = Enum.Parse<DeliveryStatus>(row.Text(4), ignoreCase: true),
        Attempts = row.Integer(5),
        EndedAt = row.Moment(6),
        Error = row.TextOrNull(7),
    };
}
