using Kalends.Reminders.Push;
using NodaTime;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Storage;

/// <summary>Browsers that people are reminded in: one row for each, of one person.</summary>
public abstract partial class StoreContract
{
    private static readonly Instant Subscribed = Instant.FromUtc(2026, 11, 23, 8, 0);

    [Fact]
    public async Task A_browser_is_found_as_it_was_put_by_whose_it_is_and_in_its_tenant_alone()
    {
        var one = Subscription(1, Ana) with { ExpiresAt = Subscribed + Duration.FromDays(9) };
        await Commit(session => session.Rows<IPushWrites>().Put(Subscription(2, Ana) with { SubscribedAt = Subscribed - Duration.FromSeconds(1) }));
        await Commit(session => session.Rows<IPushWrites>().Put(one));
        await Commit(session => session.Rows<IPushWrites>().Put(Subscription(3, Ben)));
        await Commit(session => session.Rows<IPushWrites>().Put(Subscription(1, Ben)), "globex");
        var found = await Subscriptions(Tenant, Ana);
        Assert.Equal([one.Endpoint, Subscription(2, Ana).Endpoint], found.Select(each => each.Endpoint));
        Assert.Equal(one with { PublicKey = [], Secret = [] }, found[0] with { PublicKey = [], Secret = [] });
        Assert.Equal(one.PublicKey, found[0].PublicKey);
        Assert.Equal(one.Secret, found[0].Secret);
        Assert.Equal(3, (await Subscriptions(Tenant, Ana, Ben)).Count);
        Assert.Single(await Subscriptions("globex", Ana, Ben));
        await Commit(session => session.Rows<IPushWrites>().Put(Subscription(1, Ben)));
        // Of Ana's there is none of that name any more.
        await Commit(session => session.Rows<IPushWrites>().Remove([one, Subscription(2, Ana)]));
        Assert.Empty(await Subscriptions(Tenant, Ana));
        Assert.Equal(2, (await Subscriptions(Tenant, Ben)).Count);
        await Commit(session => session.Rows<IPushWrites>().Remove([Subscription(1, Ben)]));
        Assert.Single(await Subscriptions(Tenant, Ben));
        Assert.Single(await Subscriptions("globex", Ben));
    }

    private static PushSubscription Subscription(int number, Kalends.Storage.CalendarId person) => new(person, $"https://push.example/{number}")
    {
        PublicKey = [4, .. new byte[63], (byte)number], Secret = [.. new byte[15], (byte)number], SubscribedAt = Subscribed,
    };

    private async Task<IReadOnlyList<PushSubscription>> Subscriptions(string tenant, params Kalends.Storage.CalendarId[] people)
    {
        await using var session = await Store.Read(tenant, Stopped);
        return await session.Rows<IPushRows>().Of(people);
    }
}
