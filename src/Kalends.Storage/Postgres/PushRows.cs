using Kalends.Reminders.Push;
using NodaTime;

namespace Kalends.Storage.Postgres;

/// <summary>The browsers that people are reminded in.</summary>
internal sealed class PushRows(PostgresSession session) : IPushWrites
{
    private const string OfSql = """
        SELECT person, endpoint, public_key, secret, subscribed_at, expires_at FROM push_subscription
        WHERE tenant = $1 AND person = ANY ($2) ORDER BY subscribed_at DESC, id
        """;

    private const string PutSql = """
        INSERT INTO push_subscription (tenant, id, person, endpoint, public_key, secret, subscribed_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (tenant, id) DO UPDATE SET person = excluded.person, public_key = excluded.public_key, secret = excluded.secret,
            subscribed_at = excluded.subscribed_at, expires_at = excluded.expires_at
        """;

    private const string MakeRoomSql = """
        DELETE FROM push_subscription WHERE tenant = $1 AND id IN
            (SELECT id FROM push_subscription WHERE tenant = $1 AND person = $2 AND id <> $3 ORDER BY subscribed_at DESC, id OFFSET $4)
        """;

    private const string RemoveSql = """
        DELETE FROM push_subscription s USING unnest($2, $3) n (id, person) WHERE s.tenant = $1 AND s.id = n.id AND s.person = n.person
        """;

    public async ValueTask<IReadOnlyList<PushSubscription>> Of(IReadOnlyCollection<CalendarId> people) =>
        await session.All(session.Prepare(OfSql).WithAll(people.Select(person => person.Value)), Subscription);

    public ValueTask Put(PushSubscription subscription)
    {
        session.Later(session.Prepare(PutSql).With(subscription.Id).With(subscription.Person.Value).With(subscription.Endpoint)
            .WithBytes(subscription.PublicKey).WithBytes(subscription.Secret).WithMoment(subscription.SubscribedAt).WithMoment(subscription.ExpiresAt));
        session.Later(session.Prepare(MakeRoomSql).With(subscription.Person.Value).With(subscription.Id).With(PushSubscription.MostPerPerson - 1L));
        return ValueTask.CompletedTask;
    }

    public ValueTask Remove(IReadOnlyCollection<PushSubscription> subscriptions)
    {
        session.Later(session.Prepare(RemoveSql).WithAll(subscriptions.Select(one => one.Id)).WithAll(subscriptions.Select(one => one.Person.Value)));
        return ValueTask.CompletedTask;
    }

    private static PushSubscription Subscription(Row row) => new(new(row.Text(0)), row.Text(1))
    {
        PublicKey = row.Bytes(2), Secret = row.Bytes(3), SubscribedAt = row.Moment(4), ExpiresAt = row.IsNull(5) ? null : row.Moment(5),
    };
}
