using System.Text;
using Kalends.Messages;
using Kalends.Permissions;
using Kalends.Queue;
using Kalends.Storage;
using Kalends.Tests.Conversations;
using Kalends.Tests.Queue;
using Kalends.Webhooks;
using NodaTime;

namespace Kalends.Tests.Webhooks;

/// <summary>Webhooks on both stores, with a sender of the test's own in place of HTTP.</summary>
public sealed class WebhookPatienceTests
{
    private static readonly Caller Ana = Desk.As("user:ana");

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_fails_for_too_long_is_listed_and_its_webhook_disabled()
    {
        await using var office = await Office.Open(onPostgres: false);
        var sender = new Said(_ => new(500, "answered 500"));
        await office.Start(2, 5, new WebhookWork(new RelationPermissions(), sender, new(Duration.FromSeconds(1))));
        var webhook = await Subscribe(office, "user:ana");
        await Save(office, "user:ana");
        await Office.Until(async () => !(await Find(office, webhook))!.IsActive);
        var disabled = (await Find(office, webhook))!;
        Assert.Contains("nothing came through since", disabled.DisabledFor, StringComparison.Ordinal);
        await using var session = await office.Store.Read(Office.Tenant, Stopped);
        var failed = Assert.Single(await session.Rows<IWebhookRows>().Deliveries(webhook, DeliveryStatus.Failed, null, null, 10));
        Assert.Equal(("answered 500", sender.Count), (failed.Error, failed.Attempts));
        Assert.Empty(await office.Messages());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_worker_of_several_processes_serves_a_webhook_and_nothing_is_passed_over(bool onPostgres)
    {
        await using var office = await Office.Open(onPostgres);
        var (at, most, dice) = (0, 0, new Random(7));
        var heard = new List<string>();
        var sender = new Said(body =>
        {
            InterlockedMax(ref most, Interlocked.Increment(ref at));
            Thread.Sleep(1);
            lock (heard)
            {
                Interlocked.Decrement(ref at);
                if (dice.Next(20) == 0)
                {
                    return new(500, "answered 500", Duration.Zero);
                }

                heard.Add((string)System.Text.Json.Nodes.JsonNode.Parse(body)!["subject"]!);
                return new(200, null);
            }
        });
        for (var process = 0; process < 2; process++)
        {
            await office.Start(2, 5, new WebhookWork(new RelationPermissions(), sender, WebhookPatience.Usual));
        }

        // Of all that Ana may see; two calendars, each written to by a writer of its own.
        await Subscribe(office, null);
        var saved = await Task.WhenAll(Enumerable.Range(0, 2).Select(writer => Task.Run(async () =>
        {
            var ids = new List<string>();
            for (var number = 0; number < 25; number++)
            {
                ids.Add(await Save(office, $"user:w{writer}"));
            }

            return ids;
        })));
        await Office.Until(() =>
        {
            lock (heard)
            {
                return Task.FromResult(heard.Distinct().Count() == 50);
            }
        }, seconds: 60);
        foreach (var own in saved)
        {
            Assert.Equal(own, heard.Where(own.Contains).Distinct());
        }

        Assert.Equal(1, most);
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var before = most; before < value; before = most)
        {
            Interlocked.CompareExchange(ref most, value, before);
        }
    }

    private static async Task<Guid> Subscribe(Office office, string? calendar)
    {
        var calendars = calendar is null ? "" : $",\"calendars\":[\"{calendar}\"]";
        var reply = await Run(
            office, "subscribe-webhook",
            $$"""{"uri":"https://example.com/hook","types":["kalends.appointment.created.v1"]{{calendars}}}""", Ana);
        return ((SubscribedWebhook)reply).Webhook;
    }

    private static async Task<string> Save(Office office, string person)
    {
        var saved = Kalends.Messages.Json.WireJson.WriteAny(await Run(
            office, "save-appointments", """{"appointments":[{"start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT1H"}]}""", Desk.As(person)));
        return (string)System.Text.Json.Nodes.JsonNode.Parse(saved)!["saved"]![0]!["id"]!;
    }

    private static async Task<object> Run(Office office, string name, string json, Caller caller)
    {
        var dispatcher = new Dispatcher(office.Store, new RelationPermissions(), SystemClock.Instance);
        var reply = await Catalogue.Entries.Single(entry => entry.Name == name).Run(dispatcher, Encoding.UTF8.GetBytes(json), caller, new(), Stopped);
        Assert.True(reply.Refusal is null, reply.Refusal?.Detail);
        return reply.Result!;
    }

    private static async Task<Webhook?> Find(Office office, Guid id)
    {
        await using var session = await office.Store.Read(Office.Tenant, Stopped);
        return await session.Rows<IWebhookRows>().Find(id);
    }

    private sealed class Said(Func<byte[], WebhookAnswer> answer) : IWebhookSender
    {
        private int count;

        public int Count => count;

        public ValueTask<WebhookAnswer> Post(Uri uri, IReadOnlyList<(string Name, string Value)> headers, byte[] json, CancellationToken stopped)
        {
            Interlocked.Increment(ref count);
            return ValueTask.FromResult(answer(json));
        }
    }
}
