using System.Text.Json.Nodes;
using Kalends.Messages;
using Kalends.Reminders.Push;
using Kalends.Tests.Conversations;
using NodaTime;

namespace Kalends.Tests.Reminders;

/// <summary>Browsers by their messages: whose they are, how many there may be, and what is told of them.</summary>
public class PushMessageTests
{
    private const string Key = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";

    private const string Auth = "BTBZMqHH6r4Tts7J_aSIgg";

    internal const string One = "https://push.example/send/1?token=hidden";

    private static readonly Caller Ben = Desk.As("user:ben");

    /// <summary>What a browser's PushSubscription.toJSON() says.</summary>
    internal static string Json(string endpoint, string more = "") =>
        $$"""{"endpoint":"{{endpoint}}","expirationTime":null,"keys":{"p256dh":"{{Key}}","auth":"{{Auth}}"}{{more}}}""";

    [Fact]
    public async Task A_browser_is_subscribed_once_however_often_and_shown_without_what_is_secret()
    {
        await using var desk = await Desk.Open();
        var id = (string)(await desk.Do("subscribe-push", Json(One)))["subscription"]!;
        await desk.Do("subscribe-push", Json("https://push.example/send/2"));
        desk.Clock.Now += Duration.FromMinutes(1);
        Assert.Equal(id, (string)(await desk.Do("subscribe-push", Json(One)))["subscription"]!);
        var shown = (await desk.Do("get-push-subscriptions", "{}"))["subscriptions"]!.AsArray();
        Assert.Equal(
            $$"""{"subscription":"{{id}}","service":"https://push.example","subscribedAt":"{{desk.Clock.Now}}"}""", shown[0]!.ToJsonString());
        Assert.Equal(2, shown.Count);
        var history = (await desk.Do("get-history", """{"person":"user:ana"}""")).ToJsonString();
        Assert.Contains("subscribe-push", history, StringComparison.Ordinal);
        foreach (var secret in new[] { "hidden", "/send", Auth, Key })
        {
            Assert.DoesNotContain(secret, history, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, shown.ToJsonString(), StringComparison.Ordinal);
        }

        await desk.Do("unsubscribe-push", $$"""{"endpoint":"{{One}}"}""");
        Assert.Equal((RefusalCode.NotFound, "/endpoint"), At(await desk.Refused("unsubscribe-push", $$"""{"endpoint":"{{One}}"}""")));
        Assert.Equal((RefusalCode.NotFound, "/subscription"), At(await desk.Refused("unsubscribe-push", $$"""{"subscription":"{{id}}"}""")));
        Assert.Single(await Shown(desk));
    }

    [Fact]
    public async Task A_browser_is_one_persons_and_moves_to_whom_it_is_subscribed_for_last()
    {
        await using var desk = await Desk.Open();
        var globex = Desk.As("user:ana", tenant: "globex");
        var id = (string)(await desk.Do("subscribe-push", Json(One)))["subscription"]!;
        await desk.Do("subscribe-push", Json(One), globex);
        Assert.Empty(await Shown(desk, Ben));
        await desk.Refused("unsubscribe-push", $$"""{"subscription":"{{id}}"}""", Ben);
        await desk.Do("subscribe-push", Json(One), Ben, new() { DryRun = true });
        Assert.Single(await Shown(desk));
        await desk.Do("subscribe-push", Json(One), Ben);
        Assert.Empty(await Shown(desk));
        Assert.Equal(id, (string)Assert.Single(await Shown(desk, Ben))!["subscription"]!);
        await desk.Do("unsubscribe-push", $$"""{"subscription":"{{id}}"}""", Ben);
        Assert.Single(await Shown(desk, globex));
    }

    [Fact]
    public async Task Who_may_modify_a_calendar_may_subscribe_a_browser_for_it_and_nobody_else()
    {
        await using var desk = await Desk.Open();
        const string Anas = ",\"calendar\":\"user:ana\"";
        foreach (var (message, json) in new[]
        {
            ("subscribe-push", Json(One, Anas)), ("unsubscribe-push", $$"""{"endpoint":"{{One}}"{{Anas}}}"""), ("get-push-subscriptions", """{"calendar":"user:ana"}"""),
        })
        {
            Assert.Equal((RefusalCode.Forbidden, "/calendar"), At(await desk.Refused(message, json, Ben)));
        }

        await desk.Do("subscribe-push", Json(One, Anas), AccessMatrixTests.Admin);
        Assert.Single(await Shown(desk));
        Assert.Empty(await Shown(desk, AccessMatrixTests.Admin));
        await desk.Do("unsubscribe-push", $$"""{"endpoint":"{{One}}"{{Anas}}}""", AccessMatrixTests.Admin);
        Assert.Empty(await Shown(desk));
    }

    [Fact]
    public async Task With_one_browser_too_many_the_one_subscribed_longest_ago_makes_room()
    {
        await using var desk = await Desk.Open();
        var ids = new List<string>();
        await desk.Do("subscribe-push", Json("https://push.example/bens"), Ben);
        for (var number = 0; number <= PushSubscription.MostPerPerson; number++)
        {
            desk.Clock.Now += Duration.FromSeconds(number % 2);
            ids.Add((string)(await desk.Do("subscribe-push", Json($"https://push.example/{number}")))["subscription"]!);
        }

        var shown = (await Shown(desk)).Select(one => (string)one!["subscription"]!).ToList();
        Assert.Equal(PushSubscription.MostPerPerson, shown.Count);
        Assert.Contains(ids[^1], shown);
        Assert.Single(ids.Take(2).Except(shown));
        Assert.Single(await Shown(desk, Ben));
    }

    [Fact]
    public async Task Whoever_come_at_once_leave_a_browser_to_one_of_them_and_no_more_than_there_may_be()
    {
        await using var desk = await Desk.Open();
        desk.WatchesVersions = false;
        var many = Enumerable.Range(0, PushSubscription.MostPerPerson + 4);
        await Task.WhenAll(many.Select(number => Task.Run(() => desk.Do("subscribe-push", Json(One), number % 2 == 0 ? Ben : Desk.As("user:zoe")))));
        Assert.Single((await Shown(desk, Ben)).Concat(await Shown(desk, Desk.As("user:zoe"))));
        await Task.WhenAll(many.Select(number => Task.Run(() => desk.Do("subscribe-push", Json($"https://push.example/{number}")))));
        await desk.Do("subscribe-push", Json("https://push.example/last"));
        Assert.Equal(PushSubscription.MostPerPerson, (await Shown(desk)).Count);
    }

    [Fact]
    public async Task One_that_expires_is_none_any_more_from_then_on()
    {
        await using var desk = await Desk.Open();
        var end = desk.Clock.Now + Duration.FromHours(1);
        await desk.Do("subscribe-push", Json(One).Replace("null", $"{end.ToUnixTimeMilliseconds()}", StringComparison.Ordinal));
        Assert.Equal($"{end}", (string)Assert.Single(await Shown(desk))!["expiresAt"]!);
        desk.Clock.Now = end;
        Assert.Empty(await Shown(desk));
    }

    internal static (RefusalCode, string) At(Refusal refusal) => (refusal.Code, refusal.Errors[0].Pointer);

    internal static async Task<JsonArray> Shown(Desk desk, Caller? caller = null) =>
        (await desk.Do("get-push-subscriptions", "{}", caller))["subscriptions"]!.AsArray();
}
