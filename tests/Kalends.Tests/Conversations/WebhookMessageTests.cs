using System.Text.Json.Nodes;
using Kalends.Messages;
using Kalends.Webhooks;

namespace Kalends.Tests.Conversations;

/// <summary>Webhooks by their messages: whose they are, how many there may be, and what is told of them.</summary>
public class WebhookMessageTests
{
    private const string Hook = """{"uri":"https://example.com/hook","types":["kalends.appointment.created.v1"],"calendars":["user:ana"]}""";

    private static readonly Caller Ben = Desk.As("user:ben");

    [Fact]
    public async Task A_webhook_is_its_subscribers_and_its_secret_is_told_once()
    {
        await using var desk = await Desk.Open();
        var subscribed = await desk.Do("subscribe-webhook", Hook);
        var (id, secret) = ((string)subscribed["webhook"]!, (string)subscribed["secret"]!);
        Assert.Equal(32, Convert.FromBase64String(secret["whsec_".Length..]).Length);
        var shown = Assert.Single((await desk.Do("get-webhooks", "{}"))["webhooks"]!.AsArray())!;
        Assert.Equal(
            (id, "user:ana", "web", "https://example.com/hook", "active", false),
            ((string)shown["webhook"]!, (string)shown["person"]!, (string)shown["app"]!, (string)shown["uri"]!, (string)shown["state"]!, (bool)shown["waiting"]!));
        Assert.DoesNotContain(secret, shown.ToJsonString(), StringComparison.Ordinal);
        Assert.Empty((await desk.Do("get-webhooks", "{}", Ben))["webhooks"]!.AsArray());
        Assert.Single((await desk.Do("get-webhooks", "{}", AccessMatrixTests.Admin))["webhooks"]!.AsArray());
        foreach (var (message, more) in new[]
        {
            ("unsubscribe-webhook", ""), ("rotate-webhook-secret", ""), ("ping-webhook", ""), ("get-webhook-deliveries", ""),
            ("redeliver-webhook", ",\"since\":\"2026-11-01T09:00:00Z\""),
        })
        {
            foreach (var caller in new[] { Ben, Desk.As("user:ana", tenant: "globex") })
            {
                var refusal = await desk.Refused(message, $$"""{"webhook":"{{id}}"{{more}}}""", caller);
                Assert.Equal((RefusalCode.NotFound, "/webhook"), (refusal.Code, refusal.Errors[0].Pointer));
            }

            await desk.Do(message, $$"""{"webhook":"{{id}}"{{more}}}""", options: new() { DryRun = message.StartsWith("unsub", StringComparison.Ordinal) });
        }

        await desk.Do("unsubscribe-webhook", $$"""{"webhook":"{{id}}"}""");
        Assert.Empty((await desk.Do("get-webhooks", "{}"))["webhooks"]!.AsArray());
        Assert.Equal(RefusalCode.NotFound, (await desk.Refused("ping-webhook", $$"""{"webhook":"{{id}}"}""")).Code);
    }

    [Fact]
    public async Task A_person_has_so_many_and_what_was_only_tried_is_none()
    {
        await using var desk = await Desk.Open();
        await desk.Do("subscribe-webhook", Hook, options: new() { DryRun = true });
        var ids = new List<JsonNode>();
        for (var number = 0; number < WebhookLimits.PerPerson; number++)
        {
            ids.Add((await desk.Do("subscribe-webhook", Hook))["webhook"]!);
        }

        Assert.Equal(RefusalCode.TooManyRequests, (await desk.Refused("subscribe-webhook", Hook)).Code);
        await desk.Do("subscribe-webhook", Hook, Ben);
        await desk.Do("unsubscribe-webhook", $$"""{"webhook":"{{ids[3]}}"}""");
        await desk.Do("subscribe-webhook", Hook);
    }

    [Theory]
    [InlineData("""{"uri":"http://example.com/hook","types":["kalends.appointment.created.v1"]}""", "/uri")]
    [InlineData("""{"uri":"https://10.0.0.1/hook","types":["kalends.appointment.created.v1"]}""", "/uri")]
    [InlineData("""{"uri":"https://example.com/hook","types":[]}""", "/types")]
    [InlineData("""{"uri":"https://example.com/hook","types":["x"]}""", "/types/0")]
    [InlineData("""{"uri":"https://example.com/hook","types":["kalends.appointment.created.v1"],"calendars":[]}""", "/calendars")]
    public async Task What_is_wrong_is_pointed_at(string request, string pointer)
    {
        await using var desk = await Desk.Open();
        var refusal = await desk.Refused("subscribe-webhook", request);
        Assert.Equal((RefusalCode.Invalid, pointer), (refusal.Code, refusal.Errors[0].Pointer));
    }

    [Fact]
    public async Task The_trail_tells_that_there_is_a_webhook_and_neither_its_address_nor_its_secret()
    {
        await using var desk = await Desk.Open();
        var secret = (string)(await desk.Do("subscribe-webhook", Hook.Replace("/hook", "/hook?key=hidden", StringComparison.Ordinal)))["secret"]!;
        var history = (await desk.Do("get-history", """{"person":"user:ana"}""")).ToJsonString();
        Assert.Contains("subscribe-webhook", history, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", history, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, history, StringComparison.Ordinal);
    }
}
