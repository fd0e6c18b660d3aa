using Kalends.Reminders.Push;
using NodaTime;

namespace Kalends.Tests.Reminders;

/// <summary>Reminders by push from their claim to the browser: to whom, how often, and what becomes of browsers that are gone.</summary>
public sealed class PushReminderTests(PushService service) : IClassFixture<PushService>
{
    private const string Quarter = "\"reminders\":[{\"before\":\"PT15M\",\"channel\":\"push\"}]";

    private static readonly Instant Start = Instant.FromUtc(2026, 11, 2, 9, 0);

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_person_is_reminded_in_each_browser_once_and_one_that_is_gone_is_forgotten()
    {
        await using var desk = await Open();
        var (laptop, phone, gone) = (service.NewBrowser(), service.NewBrowser("503"), service.NewBrowser("410"));
        var others = service.NewBrowser();
        await Subscribe(desk, "user:ana", laptop, phone, gone);
        await Subscribe(desk, "user:ben", others);
        await Subscribe(desk, "user:ana", "globex", others);
        await desk.Save(Quarter);
        await desk.RunUntil(Start + Duration.FromMinutes(2));
        // The laptop has it; a second try would come there again.
        Assert.All([laptop, phone, gone], one => Assert.Single(service.At(one.Endpoint)));
        Assert.Empty(service.At(others.Endpoint));
        var published = Assert.Single(await desk.Published());
        Assert.Equal(("push", null), ((string)published["channel"]!, (string?)published["code"]));
        Assert.Equal(new[] { laptop.Endpoint, phone.Endpoint }.Order(), (await Subscribed(desk, "user:ana")).Order());
        Assert.Single(await Subscribed(desk, "user:ben"));
        Assert.Empty(await desk.Desk.FindBroken());
    }

    [Fact]
    public async Task What_could_not_be_taken_by_anybody_is_tried_again_under_one_name_until_it_is_taken_once()
    {
        await using var desk = await Open();
        var (one, other) = (service.NewBrowser("503"), service.NewBrowser("429 1"));
        await Subscribe(desk, "user:ana", one, other);
        await desk.Save(Quarter);
        await desk.RunUntil(Start - Duration.FromMinutes(14));
        Assert.Empty(await desk.Published());
        service.Answers.Clear();
        await desk.RunUntil(Start + Duration.FromMinutes(2));
        Assert.Equal((3, 3), (service.At(one.Endpoint).Count, service.At(other.Endpoint).Count));
        Assert.Single(service.At(one.Endpoint).Select(pushed => pushed.Headers["Topic"]).Distinct());
        Assert.Null((string?)Assert.Single(await desk.Published())["code"]);
    }

    [Fact]
    public async Task Whose_browsers_are_all_gone_has_no_address_from_then_on_and_no_reason_names_an_endpoint()
    {
        await using var desk = await Open();
        var (gone, silent) = (service.NewBrowser("410"), service.NewBrowser("abort"));
        await Subscribe(desk, "user:ana", gone);
        await Subscribe(desk, "user:ben", silent);
        await desk.Save($"{Quarter},\"attendees\":[{{\"calendar\":\"user:ana\"}},{{\"calendar\":\"user:ben\"}}]");
        await desk.Save(Quarter, "2026-11-02T09:05:00");
        await desk.RunUntil(Start + Duration.FromMinutes(6));
        Assert.Equal(["ana no-address", "ana refused", "ben unknown-outcome"], (await desk.Failures()).Order());
        Assert.Single(service.At(silent.Endpoint));
        Assert.All(await desk.Published(), one => Assert.DoesNotContain("/push/", one.ToJsonString(), StringComparison.Ordinal));
    }

    private static async Task<ReminderDesk> Open()
    {
        var desk = await ReminderDesk.Open();
        desk.Channels.Add(PushChannelTests.Channel(PushChannelTests.Open, desk.Desk.Clock));
        return desk;
    }

    private static Task Subscribe(ReminderDesk desk, string person, params (Browser Browser, string Endpoint)[] browsers) => Subscribe(desk, person, "acme", browsers);

    /// <summary>Endpoints of this machine, which the command would not take.</summary>
    private static async Task Subscribe(ReminderDesk desk, string person, string tenant, params (Browser Browser, string Endpoint)[] browsers)
    {
        await using var session = await desk.Desk.Store.Write(tenant, Stopped);
        foreach (var (browser, endpoint) in browsers)
        {
            await session.Rows<IPushWrites>().Put(browser.Subscription(endpoint, person));
        }

        await session.Commit(Stopped);
    }

    private static async Task<IReadOnlyList<string>> Subscribed(ReminderDesk desk, string person)
    {
        await using var session = await desk.Desk.Store.Read("acme", Stopped);
        return [.. (await session.Rows<IPushRows>().Of([new(person)])).Select(one => one.Endpoint)];
    }
}
