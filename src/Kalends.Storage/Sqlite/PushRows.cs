using Kalends.Reminders.Push;
using NodaTime;

namespace Kalends.Storage.Sqlite;

/// <summary>The browsers that people are reminded in.</summary>
internal sealed class PushRows(SqliteSession session) : IPushWrites
{
    private const string OfSql = """
        SELECT person, endpoint, public_key, secret, subscribed_at, expires_at FROM push_subscription
        WHERE tenant = ?1 AND person = ?2 ORDER BY subscribed_at DESC, id
        """;

    private const string PutSql = """
        INSERT INTO push_subscription (tenant, id, person, endpoint, public_key, secret, subscribed_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        ON CONFLICT (tenant, id) DO UPDATE SET person = excluded.person, public_key = excluded.public_key, secret = excluded.secret,
            subscribed_at = excluded.subscribed_at, expires_at = excluded.expires_at
        """;

    private const string MakeRoomSql = """
        DELETE FROM push_subscription WHERE tenant = ?1 AND id IN
            (SELECT id FROM push_subscription WHERE tenant = ?1 AND person = ?2 AND id <> ?3 ORDER BY subscribed_at DESC, id LIMIT -1 OFFSET ?4)
        """;

    private const string RemoveSql = "DELETE FROM push_subscription WHERE tenant = ?1 AND id = ?2 AND person = ?3";

    public ValueTask<IReadOnlyList<PushSubscription>> Of(IReadOnlyCollection<CalendarId> people)
    {
        var found = new List<PushSubscription>();
        foreach (var person in people)
        {
            var row = session.Prepare(OfSql).With(person.Value);
            while (row.Step())
            {
                found.Add(Subscription(row));
            }
        }

        return ValueTask.FromResult<IReadOnlyList<PushSubscription>>(found);
    }

    public ValueTask Put(PushSubscription subscription)
    {
        session.Prepare(PutSql).With(subscription.Id).With(subscription.Person.Value).With(subscription.Endpoint)
            .WithBytes(subscription.PublicKey).WithBytes(subscription.Secret).With(subscription.SubscribedAt.ToUnixTimeSeconds())
            .With(subscription.ExpiresAt?.ToUnixTimeSeconds()).Run();
        session.Prepare(MakeRoomSql).With(subscription.Person.Value).With(subscription.Id).With(PushSubscription.MostPerPerson - 1).Run();
        return ValueTask.CompletedTask;
    }

    public ValueTask Remove(IReadOnlyCollection<PushSubscription> subscriptions)
    {
        foreach (var one in subscriptions)
        {
            session.Prepare(RemoveSql).With(one.Id).With(one.Person.Value).Run();
        }

        return ValueTask.CompletedTask;
    }

    private static PushSubscription Subscription(Statement row) => new(new(row.Text(0)), row.Text(1))
    {
        PublicKey = row.Bytes(2),
        Secret = row.Bytes(3),
        SubscribedAt = Instant.FromUnixTimeSeconds(row.Long(4)),
        ExpiresAt = row.IsNull(5) ? null : Instant.FromUnixTimeSeconds(row.Long(5)),
    };
}
