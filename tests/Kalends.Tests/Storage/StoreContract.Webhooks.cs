using Kalends.Webhooks;
using NodaTime;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Storage;

/// <summary>Webhooks, their place among publications, and what came of what they were sent.</summary>
public abstract partial class StoreContract
{
    private static readonly Instant HookTime = Instant.FromUtc(2026, 11, 23, 8, 0) + Duration.FromMilliseconds(125);

    [Fact]
    public async Task A_webhook_is_found_as_it_was_saved_by_its_tenant_alone()
    {
        var webhook = Hook(1, "user:ana") with
        {
            Calendars = [Ana, Ben], SecretBefore = "b", RotatedUntil = HookTime, DisabledFor = "gone", FailingSince = HookTime, Attempts = 3, LastError = "x\u0000y",
        };
        await Commit(session => session.Rows<IWebhookWrites>().Add(webhook));
        await Commit(session => session.Rows<IWebhookWrites>().Add(Hook(2, "user:ben")));
        await Same(webhook);
        Assert.Equal([Id(1), Id(2)], (await Hooks(null)).Select(one => one.Id));
        Assert.Equal([Id(2)], (await Hooks("user:ben")).Select(one => one.Id));
        Assert.Empty(await Hooks(null, "globex"));
        var saved = Hook(1, "user:ana") with { Uri = "https://b", Types = ["t"], Secret = "c", Since = HookTime + Duration.FromSeconds(1), Place = 8, Due = 9 };
        await Commit(session => session.Rows<IWebhookWrites>().Save(saved));
        await Same(saved);
        Assert.Equal(["acme"], await Store.TenantsWithWebhooks(Stopped));
        await Commit(session => session.Rows<IWebhookWrites>().Save(saved with { DisabledFor = "x" }));
        await Commit(session => session.Rows<IWebhookWrites>().Delete(Id(2)), "globex");
        Assert.Equal(["acme"], await Store.TenantsWithWebhooks(Stopped));
        await Commit(session => session.Rows<IWebhookWrites>().Delete(Id(2)));
        Assert.Empty(await Store.TenantsWithWebhooks(Stopped));

        async Task Same(Webhook expected)
        {
            await using var session = await Store.Read(Tenant, Stopped);
            var found = (await session.Rows<IWebhookRows>().Find(Id(1)))!;
            Assert.Equal(expected with { Types = [], Calendars = null }, found with { Types = [], Calendars = null });
            Assert.Equal((expected.Types, expected.Calendars), (found.Types, found.Calendars), Lists);
        }

        static bool Lists(
            (IReadOnlyList<string> Types, IReadOnlyList<Kalends.Storage.CalendarId>? Calendars) one,
            (IReadOnlyList<string> Types, IReadOnlyList<Kalends.Storage.CalendarId>? Calendars) other) =>
            one.Types.SequenceEqual(other.Types) && (one.Calendars ?? []).SequenceEqual(other.Calendars ?? []);
    }

    [Fact]
    public async Task Deliveries_come_latest_first_and_go_on_from_one_and_the_old_are_forgotten()
    {
        await Commit(async session =>
        {
            for (var number = 1; number <= 6; number++)
            {
                await session.Rows<IWebhookWrites>().Record(Delivered(number, HookTime + Duration.FromMilliseconds(number / 2)));
            }
        });
        await Commit(session => session.Rows<IWebhookWrites>().Record(Delivered(6, HookTime) with { Webhook = Id(2) }));
        await using (var session = await Store.Read(Tenant, Stopped))
        {
            var rows = session.Rows<IWebhookRows>();
            var first = await rows.Deliveries(Id(1), null, null, null, 3);
            Assert.Equal([Id(6), Id(5), Id(4)], first.Select(one => one.Event));
            Assert.Equal([Id(3), Id(2), Id(1)], (await rows.Deliveries(Id(1), null, first[2].EndedAt, first[2].Event, 9)).Select(one => one.Event));
            Assert.Equal([Id(4), Id(2)], (await rows.Deliveries(Id(1), DeliveryStatus.Failed, null, null, 9)).Select(one => one.Event).Where(id => id != Id(6)));
            Assert.Equal(Delivered(5, HookTime + Duration.FromMilliseconds(2)), await rows.FindDelivery(Id(1), Id(5)));
            Assert.Null(await rows.FindDelivery(Id(2), Id(5)));
        }

        var again = Delivered(5, HookTime + IWebhookWrites.KeptFor + Duration.FromSeconds(1)) with { Status = DeliveryStatus.Failed, Error = "e", Attempts = 4 };
        await Commit(session => session.Rows<IWebhookWrites>().Record(again));
        await using var after = await Store.Read(Tenant, Stopped);
        Assert.Equal([again], await after.Rows<IWebhookRows>().Deliveries(Id(1), null, null, null, 9));
    }

    [Fact]
    public async Task The_place_of_webhooks_is_of_one_writer_at_a_time()
    {
        await Commit(async session =>
        {
            Assert.Null(await session.Rows<IWebhookWrites>().LockPlace());
            await session.Rows<IWebhookWrites>().SetPlace(5);
        });
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Commit(async session =>
        {
            var rows = session.Rows<IWebhookWrites>();
            await rows.SetPlace((await rows.LockPlace())!.Value + 1);
        }))));
        await using var session = await Store.Read(Tenant, Stopped);
        Assert.Equal(13, await session.Rows<IWebhookRows>().Place());
        await using var other = await Store.Read("globex", Stopped);
        Assert.Null(await other.Rows<IWebhookRows>().Place());
    }

    [Fact]
    public async Task The_last_publication_before_a_moment_is_found()
    {
        await Commit(async session => await session.Create(Booking(1, await session.Key(Ana), From, To)));
        var last = (await Publications(0, null, 5)).Entries[^1].Seq;
        await using var session = await Store.Read(Tenant, Stopped);
        Assert.Equal((0, last), (await session.Rows<IWebhookRows>().Before(Now), await session.Rows<IWebhookRows>().Before(Now + Duration.FromSeconds(1))));
    }

    private static Webhook Hook(int number, string person) => new()
    {
        Id = Id(number), Person = new(person), App = "web", Uri = "https://a/?b", Types = ["t", "u"], Secret = "s", CreatedAt = HookTime, Since = HookTime, Place = 3, Due = 4,
    };

    private static Delivery Delivered(int number, Instant at) => new()
    {
        Webhook = Id(1), Event = Id(number), Seq = number, Type = "t", Attempts = 1, EndedAt = at,
        Status = number % 2 == 0 ? DeliveryStatus.Failed : DeliveryStatus.Delivered,
    };

    private async Task<IReadOnlyList<Webhook>> Hooks(string? person, string tenant = Tenant)
    {
        await using var session = await Store.Read(tenant, Stopped);
        return await session.Rows<IWebhookRows>().All(person is null ? null : new(person));
    }
}
