using System.Net;
using System.Text;
using Kalends.Tests.Http;
using Microsoft.AspNetCore.Http;
using StandardWebhooks;
using StandardWebhooks.Diagnostics;

namespace Kalends.Tests.Webhooks;

/// <summary>Events that a real server sends to a real receiver.</summary>
public sealed class WebhookTests(WebhookHost web) : IClassFixture<WebhookHost>
{
    [Fact]
    public async Task What_was_asked_for_arrives_once_in_order_and_signed_as_the_standard_says()
    {
        using var ana = web.Host.As(EdgeHost.Token("user:orderly"));
        await WebhookHost.Save(ana);
        var (webhook, secret) = await web.Subscribe("/orderly", ana, ",\"calendars\":[\"user:orderly\"]", "created", "deleted");
        Assert.Matches("^whsec_[A-Za-z0-9+/]{43}=$", secret);
        var ids = new List<string>();
        for (var number = 0; number < 5; number++)
        {
            ids.Add(await WebhookHost.Save(ana, "\"title\":\"Budget\","));
        }

        await WebhookHost.Save(web.Host.Ana);
        await WebhookHost.Save(ana, $"\"id\":\"{ids[0]}\",\"title\":\"Moved\",");
        await WebhookHost.Do(ana, "delete-appointments", $$"""{"appointments":[{"id":"{{ids[0]}}"}]}""");
        var received = await web.Until("/orderly", 6);
        Assert.Equal(ids.Append(ids[0]), received.Select(one => one.Subject));
        Assert.Equal("kalends.appointment.deleted.v1", received[^1].Type);
        Assert.All(received, one => Assert.Equal((string)one.Event["id"]!, one.Id));
        Assert.Equal(6, received.Select(one => one.Id).Distinct().Count());
        Verify(received[0], secret);
        Assert.Throws<WebhookVerificationException>(() => Verify(received[0] with { Body = [.. received[0].Body, (byte)' '] }, secret));
        Assert.Throws<WebhookVerificationException>(() => Verify(received[0] with { Id = received[1].Id }, secret));
        var (_, another) = await web.Subscribe("/other", ana, ",\"calendars\":[\"user:nobody\"]");
        Assert.Throws<WebhookVerificationException>(() => Verify(received[0], another));
        await Queue.Office.Until(async () => !(await WebhookHost.Shown(ana, webhook)).GetProperty("waiting").GetBoolean());
        var shown = await WebhookHost.Shown(ana, webhook);
        Assert.Equal("active", shown.Text("state"));
        Assert.Equal(5, shown.GetProperty("lastDeliveries").GetArrayLength());
        Assert.DoesNotContain(secret, shown.ToString(), StringComparison.Ordinal);
        var deliveries = await WebhookHost.Ask(ana, "get-webhook-deliveries", $$"""{"webhook":"{{webhook}}","limit":4}""");
        var rest = await WebhookHost.Ask(ana, "get-webhook-deliveries", $$"""{"webhook":"{{webhook}}","limit":4,"cursor":"{{deliveries.Text("cursor")}}"}""");
        Assert.Equal(
            received.Select(one => one.Id).Reverse().Order(),
            deliveries.GetProperty("deliveries").EnumerateArray().Concat(rest.GetProperty("deliveries").EnumerateArray()).Select(one => one.Text("event")).Order());
    }

    [Fact]
    public async Task After_a_rotation_both_secrets_verify()
    {
        using var ana = web.Host.As(EdgeHost.Token("user:rotating"));
        var (webhook, before) = await web.Subscribe("/rotating", ana, ",\"calendars\":[\"user:rotating\"]");
        var after = (await WebhookHost.Do(ana, "rotate-webhook-secret", $$"""{"webhook":"{{webhook}}"}""")).Text("secret");
        Assert.NotEqual(before, after);
        await WebhookHost.Save(ana);
        var received = (await web.Until("/rotating", 1))[0];
        var signatures = received.Signature.Split(' ');
        Assert.Equal(2, signatures.Length);
        Verify(received, after);
        // One by one: this verifier looks at the first alone.
        Verify(received with { Signature = signatures[1] }, before);
        Assert.Throws<WebhookVerificationException>(() => Verify(received with { Signature = signatures[0] }, before));
        Assert.True((await WebhookHost.Shown(ana, webhook)).TryGetProperty("bothSecretsUntil", out _));
    }

    [Fact]
    public async Task Rights_are_those_of_the_subscriber_when_it_is_sent()
    {
        using var admin = web.Host.As(EdgeHost.Token("user:root", "kalends.read kalends.write kalends.admin"));
        using var ana = web.Host.As(EdgeHost.Token("user:private"));
        using var busy = web.Host.As(EdgeHost.Token("user:seeing"));
        const string Calendars = ",\"calendars\":[\"user:private\"]";
        await WebhookHost.Do(admin, "grant-access", Tuple("restricted", "user:*"));
        await WebhookHost.Do(admin, "grant-access", Tuple("free-busy-viewer", "user:seeing"));
        await web.Subscribe("/private-own", ana, Calendars);
        await web.Subscribe("/private-busy", busy, Calendars);
        // A token that may everything is over long before a webhook is.
        await web.Subscribe("/private-none", admin, Calendars);
        var id = await WebhookHost.Save(ana, "\"title\":\"Hidden\",");
        var masked = (await web.Until("/private-busy", 1))[0];
        Assert.True((bool)masked.Event["data"]!["masked"]!);
        Assert.DoesNotContain("Hidden", Encoding.UTF8.GetString(masked.Body), StringComparison.Ordinal);
        Assert.DoesNotContain(id, Encoding.UTF8.GetString(masked.Body), StringComparison.Ordinal);
        var own = (await web.Until("/private-own", 1))[0];
        Assert.NotEqual(own.Id, masked.Id);
        await WebhookHost.Do(admin, "revoke-access", Tuple("free-busy-viewer", "user:seeing"));
        await WebhookHost.Save(ana);
        await web.Until("/private-own", 2);
        await Queue.Office.Until(async () => (await WebhookHost.Ask(admin, "get-webhooks", "{}")).GetProperty("webhooks").EnumerateArray()
            .Where(one => one.Text("uri").Contains("/private-", StringComparison.Ordinal)).All(one => !one.GetProperty("waiting").GetBoolean()));
        Assert.Single(web.Receiver.At("/private-busy"));
        Assert.Empty(web.Receiver.At("/private-none"));

        static string Tuple(string relation, string subject) =>
            $$"""{"relationships":[{"object":"calendar:user:private","relation":"{{relation}}","subject":"{{subject}}"}]}""";
    }

    [Fact]
    public async Task Who_fails_is_tried_again_in_order_while_the_others_are_served()
    {
        using var ana = web.Host.As(EdgeHost.Token("user:failing"));
        const string Calendars = ",\"calendars\":[\"user:failing\"]";
        var isBack = false;
        web.Receiver.Answers["/failing"] = context =>
        {
            context.Response.StatusCode = isBack ? 200 : 503;
            context.Response.Headers.RetryAfter = "1";
            return Task.CompletedTask;
        };
        web.Receiver.Answers["/moved"] = context =>
        {
            context.Response.Redirect(web.Receiver.Address + "/elsewhere");
            return Task.CompletedTask;
        };
        var (failing, _) = await web.Subscribe("/failing", ana, Calendars);
        var (moved, _) = await web.Subscribe("/moved", ana, Calendars);
        await web.Subscribe("/well", ana, Calendars);
        var first = await WebhookHost.Save(ana);
        var second = await WebhookHost.Save(ana);
        Assert.Equal([first, second], (await web.Until("/well", 2)).Select(one => one.Subject));
        await Queue.Office.Until(async () => (await WebhookHost.Shown(ana, failing)).TryGetProperty("failingSince", out _));
        Assert.Equal("answered 503", (await WebhookHost.Shown(ana, failing)).Text("lastError"));
        isBack = true;
        await Queue.Office.Until(() => Task.FromResult(web.Receiver.At("/failing").Any(one => one.Subject == second)));
        var received = web.Receiver.At("/failing");
        Assert.Single(received.Where(one => one.Subject == first).Select(one => one.Id).Distinct());
        Assert.Equal([first, second], received.Select(one => one.Subject).Distinct());
        await Queue.Office.Until(async () => !(await WebhookHost.Shown(ana, failing)).TryGetProperty("failingSince", out _));
        Assert.Equal("answered 302", (await WebhookHost.Shown(ana, moved)).Text("lastError"));
        Assert.Empty(web.Receiver.At("/elsewhere"));
        await WebhookHost.Do(ana, "unsubscribe-webhook", $$"""{"webhook":"{{moved}}"}""");
    }

    [Fact]
    public async Task Who_is_gone_is_disabled_at_once_and_told_everything_when_it_is_back()
    {
        using var ana = web.Host.As(EdgeHost.Token("user:gone"));
        var since = DateTime.UtcNow.AddSeconds(-1).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
        var (webhook, _) = await web.Subscribe("/gone", ana, ",\"calendars\":[\"user:gone\"]");
        var first = await WebhookHost.Save(ana);
        await web.Until("/gone", 1);
        web.Receiver.Answers["/gone"] = context =>
        {
            context.Response.StatusCode = 410;
            return Task.CompletedTask;
        };
        var second = await WebhookHost.Save(ana);
        await Queue.Office.Until(async () => (await WebhookHost.Shown(ana, webhook)).Text("state") == "disabled");
        Assert.Contains("410", (await WebhookHost.Shown(ana, webhook)).Text("reason"), StringComparison.Ordinal);
        var third = await WebhookHost.Save(ana);
        var failed = await WebhookHost.Ask(ana, "get-webhook-deliveries", $$"""{"webhook":"{{webhook}}","status":"failed"}""");
        Assert.Single(failed.GetProperty("deliveries").EnumerateArray());
        web.Receiver.Answers.TryRemove("/gone", out _);
        await WebhookHost.Do(ana, "redeliver-webhook", $$"""{"webhook":"{{webhook}}","since":"{{since}}"}""");
        var all = await web.Until("/gone", 5);
        Assert.Equal([first, second, first, second, third], all.Select(one => one.Subject));
        Assert.Equal(3, all.Select(one => one.Id).Distinct().Count());

        await WebhookHost.Do(ana, "redeliver-webhook", $$"""{"webhook":"{{webhook}}","event":"{{all[1].Id}}"}""");
        Assert.Equal(all[1].Id, (await web.Until("/gone", 6))[5].Id);
        var ping = (await WebhookHost.Do(ana, "ping-webhook", $$"""{"webhook":"{{webhook}}"}""")).Text("event");
        var pinged = (await web.Until("/gone", 7))[6];
        Assert.Equal((ping, "kalends.webhook.ping.v1", webhook.ToString()), (pinged.Id, pinged.Type, pinged.Subject));
        await WebhookHost.Do(ana, "unsubscribe-webhook", $$"""{"webhook":"{{webhook}}"}""");
        await WebhookHost.Save(ana);
        var (last, _) = await web.Subscribe("/gone-last", ana, ",\"calendars\":[\"user:gone\"]");
        await WebhookHost.Save(ana);
        await web.Until("/gone-last", 1);
        Assert.Equal(7, web.Receiver.At("/gone").Count);
        await WebhookHost.Do(ana, "unsubscribe-webhook", $$"""{"webhook":"{{last}}"}""");
    }

    [Fact]
    public async Task An_endless_answer_is_not_read_to_its_end()
    {
        using var ana = web.Host.As(EdgeHost.Token("user:endless"));
        var sent = 0L;
        web.Receiver.Answers["/endless"] = async context =>
        {
            var some = new byte[64 * 1024];
            while (!context.RequestAborted.IsCancellationRequested && sent < 100_000_000)
            {
                await context.Response.Body.WriteAsync(some);
                sent += some.Length;

                // What is written once the other side is gone goes nowhere, at once: so that it is told in time.
                await Task.Delay(1);
            }
        };
        await web.Subscribe("/endless", ana, ",\"calendars\":[\"user:endless\"]");
        var ids = new[] { await WebhookHost.Save(ana), await WebhookHost.Save(ana) };
        Assert.Equal(ids, (await web.Until("/endless", 2)).Select(one => one.Subject));
        Assert.InRange(sent, 1, 50_000_000);
    }

    [Fact]
    public async Task A_strict_server_refuses_what_leads_into_its_own_network_and_points_at_it()
    {
        await using var strict = await EdgeHost.Start("--Kalends:Queue:Workers=0");
        foreach (var uri in new[]
        {
            web.Receiver.Address + "/x", "https://127.0.0.1/x", "https://169.254.169.254/latest", "https://user:word@example.com/", "https://example.com:25/",
            "ftp://example.com", "nonsense",
        })
        {
            using var answer = await strict.Ana.Post("/v1/commands/subscribe-webhook", $$"""{"uri":"{{uri}}","types":["kalends.appointment.created.v1"]}""");
            Assert.Equal(["/uri"], (await answer.Problem(HttpStatusCode.BadRequest, "invalid")).Pointers());
        }

        using var types = await strict.Ana.Post("/v1/commands/subscribe-webhook", """{"uri":"https://example.com/x","types":["other"]}""");
        Assert.Equal(["/types/0"], (await types.Problem(HttpStatusCode.BadRequest, "invalid")).Pointers());
    }

    private static void Verify(Received received, string secret) => new StandardWebhook(secret).Verify(
        Encoding.UTF8.GetString(received.Body),
        new HeaderDictionary
        {
            ["webhook-id"] = received.Id, ["webhook-timestamp"] = received.Timestamp, ["webhook-signature"] = received.Signature,
        });
}
