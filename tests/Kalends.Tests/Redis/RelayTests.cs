using System.Text.Json.Nodes;
using Kalends.Messages;
using Kalends.Permissions;
using Kalends.Publications;
using Kalends.Storage;
using Kalends.Tests.Conversations;
using StackExchange.Redis;

namespace Kalends.Tests.Redis;

/// <summary>What is published stands in the stream of its tenant, once and in order, whatever becomes of who writes it and of Redis.</summary>
public class RelayTests(RedisServer server) : IClassFixture<RedisServer>
{
    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_event_is_there_once_and_in_the_order_of_the_outbox_whoever_saves_and_whoever_writes()
    {
        await using var desk = await RelayDesk.Open(server);
        await using var other = StoreChoice.Of(desk.Desk.ConnectionString).Open();
        var savers = new[] { desk.Desk.Dispatcher, new Dispatcher(other, new RelationPermissions(), desk.Desk.Clock) }
            .SelectMany(dispatcher => new[] { dispatcher, dispatcher })
            .Select((dispatcher, number) => Task.Run(() => Save(dispatcher, $"user:w{number}", 30))).ToList();
        var saving = Task.WhenAll(savers);
        var writers = new[] { desk.Relay(), desk.Relay(store: other) }.Select(relay => Task.Run(async () =>
        {
            while (!saving.IsCompleted)
            {
                await RelayDesk.Run(relay);
            }

            await RelayDesk.Run(relay);
        })).ToList();
        await saving;
        await Task.WhenAll(writers);
        var published = await desk.Published();
        Assert.Equal(120, published.Count);
        Assert.Equal(published, await desk.Ids());
    }

    [Fact]
    public async Task What_Redis_had_written_down_when_it_was_killed_is_neither_lost_nor_written_twice()
    {
        await using var desk = await RelayDesk.Open(server);
        var relay = desk.Relay();
        await desk.Save(3);
        await RelayDesk.Run(relay);
        await server.Kill();
        await desk.Save(2);
        await Assert.ThrowsAnyAsync<RedisException>(() => RelayDesk.Run(relay));
        await server.Start();
        await Queue.Office.Until(async () =>
        {
            try
            {
                await RelayDesk.Run(relay);
                return true;
            }
            catch (RedisException)
            {
                // It connects again after a pause.
                return false;
            }
        });
        Assert.Equal(await desk.Published(), await desk.Ids());
        Assert.Equal(5, (await desk.Ids()).Count);
    }

    [Fact]
    public async Task A_Redis_that_lost_all_has_the_latest_again_as_many_as_are_kept()
    {
        await using var desk = await RelayDesk.Open(server);
        var relay = desk.Relay(keep: 4);
        await desk.Save(6);
        await RelayDesk.Run(relay);
        await desk.Database.ExecuteAsync("FLUSHALL");
        await RelayDesk.Run(relay);
        Assert.Equal((await desk.Published()).TakeLast(4), await desk.Ids());
        await desk.Database.ExecuteAsync("FLUSHALL");
        await desk.Save(1);
        // Without a look: what is to be appended finds it out.
        while (await relay.Step(looks: false, Stopped) is not null)
        {
        }

        Assert.Equal((await desk.Published()).TakeLast(4), await desk.Ids());
    }

    [Fact]
    public async Task On_an_older_replica_it_goes_on_from_what_that_has()
    {
        await using var desk = await RelayDesk.Open(server);
        var relay = desk.Relay();
        await desk.Save(3);
        await RelayDesk.Run(relay);
        var older = await desk.Database.KeyDumpAsync(desk.Key());
        await desk.Save(3);
        await RelayDesk.Run(relay);
        await desk.Database.KeyDeleteAsync(desk.Key());
        await desk.Database.KeyRestoreAsync(desk.Key(), older!);
        await desk.Save(1);
        while (await relay.Step(looks: false, Stopped) is not null)
        {
        }

        Assert.Equal(await desk.Published(), await desk.Ids());
        Assert.Equal(7, (await desk.Ids()).Count);
    }

    [Fact]
    public async Task A_stream_is_cut_to_about_as_many_as_are_kept_and_goes_on_though_all_of_it_was_cut()
    {
        await using var desk = await RelayDesk.Open(server);
        var relay = desk.Relay(keep: 50);
        var many = string.Join(',', Enumerable.Repeat($$"""{{{RelayDesk.Time}}}""", 400));
        await desk.Desk.Do("save-appointments", $$"""{"appointments":[{{many}}]}""");
        await RelayDesk.Run(relay);
        await desk.Save(1);
        await desk.Desk.Do("save-appointments", $$"""{"appointments":[{{many}}]}""");
        await RelayDesk.Run(relay);
        var (published, kept) = (await desk.Published(), await desk.Ids());
        Assert.InRange(kept.Count, 50, 250);
        Assert.Equal(published.TakeLast(kept.Count), kept);
        await desk.Database.StreamTrimAsync(desk.Key(), 0, useApproximateMaxLength: false);
        await desk.Save(1);
        await RelayDesk.Run(desk.Relay(keep: 50));
        Assert.Equal((await desk.Published()).TakeLast(1), await desk.Ids());
        await desk.Database.KeyDeleteAsync(desk.Key());
        var anew = desk.Relay();
        // On a server that others use their transactions are waited for first.
        await Queue.Office.Until(async () => await anew.Step(looks: false, Stopped) == NodaTime.Duration.Zero);
        Assert.True(anew.IsBehind);
        await RelayDesk.Run(anew);
        Assert.False(anew.IsBehind);
        Assert.Equal(await desk.Published(), await desk.Ids());
    }

    [Fact]
    public async Task A_store_that_was_restored_begins_its_streams_anew_and_another_store_is_not_mixed_in()
    {
        await using var desk = await RelayDesk.Open(server);
        await desk.Save(3);
        await RelayDesk.Run(desk.Relay());
        // What was lost by the restore.
        await desk.Database.StreamAddAsync(desk.Key(), "event", "{}", messageId: "1000000-0");
        await desk.Desk.Store.MarkRestored(Stopped);
        await using (var restored = StoreChoice.Of(desk.Desk.ConnectionString).Open())
        {
            await RelayDesk.Run(desk.Relay(store: restored));
        }

        Assert.Equal(await desk.Published(), await desk.Ids());
        await using var stranger = await Desk.Open();
        await stranger.Save($$"""{{{RelayDesk.Time}}}""");
        var refused = await Assert.ThrowsAsync<RedisException>(() => RelayDesk.Run(desk.Relay(store: stranger.Store)));
        Assert.Contains("Redis:Prefix", refused.Message, StringComparison.Ordinal);
        Assert.Equal(await desk.Published(), await desk.Ids());
    }

    [Fact]
    public async Task A_group_of_readers_that_was_there_first_is_given_each_event_once()
    {
        await using var desk = await RelayDesk.Open(server);
        await desk.Database.StreamCreateConsumerGroupAsync(desk.Key(), "billing", "0", createStream: true);
        await desk.Save(3);
        await RelayDesk.Run(desk.Relay());
        var read = await desk.Database.StreamReadGroupAsync(desk.Key(), "billing", "worker-1", StreamPosition.NewMessages);
        Assert.Equal(await desk.Published(), read.Select(entry => (string)entry.Id!));
        Assert.Equal(3, await desk.Database.StreamAcknowledgeAsync(desk.Key(), "billing", [.. read.Select(entry => entry.Id)]));
        Assert.Empty(await desk.Database.StreamReadGroupAsync(desk.Key(), "billing", "worker-1", StreamPosition.NewMessages));
    }

    [Fact]
    public async Task What_is_ahead_of_the_store_tells_of_what_never_was_and_goes()
    {
        await using var desk = await RelayDesk.Open(server);
        await desk.Save(2);
        await RelayDesk.Run(desk.Relay());
        await desk.Database.StreamAddAsync(desk.Key(), "event", "{}");
        await RelayDesk.Run(desk.Relay());
        Assert.Equal(await desk.Published(), await desk.Ids());
        Assert.Equal(2, (await desk.Ids()).Count);
    }

    [Fact]
    public async Task Each_tenant_has_a_stream_of_its_own()
    {
        await using var desk = await RelayDesk.Open(server);
        await desk.Save(2);
        await desk.Save(3, "globex");
        await RelayDesk.Run(desk.Relay());
        Assert.Empty(await desk.Ids("globex"));
        await RelayDesk.Run(desk.Relay("globex"));
        Assert.Equal(await desk.Published("globex"), await desk.Ids("globex"));
        Assert.Equal(await desk.Published(), await desk.Ids());
        Assert.Equal((2, 3), ((await desk.Ids()).Count, (await desk.Ids("globex")).Count));
    }

    [Fact]
    public async Task Nothing_stands_there_but_times_unless_an_app_is_named_and_then_what_it_may_see()
    {
        await using var desk = await RelayDesk.Open(server);
        foreach (var privacy in new[] { "public", "private", "secret" })
        {
            await desk.Desk.Save($$"""{{{RelayDesk.Time}},"title":"Hidden-{{privacy}}","location":"Hidden-place","privacy":"{{privacy}}","attendees":[{"calendar":"user:zoe"}]}""");
        }

        var ids = await desk.Published();
        await RelayDesk.Run(desk.Relay());
        var told = await desk.Stream();
        // Of what is secret others see closed time, and hear nothing.
        Assert.Equal(ids[..2], told.Select(one => one.Id));
        Assert.All(told, one =>
        {
            Assert.DoesNotContain("Hidden", one.Event, StringComparison.Ordinal);
            Assert.DoesNotContain("user:", one.Event, StringComparison.Ordinal);
            var read = JsonNode.Parse(one.Event)!;
            Assert.Equal("kalends.appointment.created.v1", (string)read["type"]!);
            Assert.Equal(["id", "masked", "timespan"], read["data"]!.AsObject().Select(pair => pair.Key).Order(StringComparer.Ordinal));
        });

        await desk.Database.KeyDeleteAsync(desk.Key());
        await RelayDesk.Run(desk.Relay(app: "app:bridge"));
        told = await desk.Stream();
        Assert.Equal(ids[..2], told.Select(one => one.Id));
        Assert.Contains("user:zoe", told[0].Event, StringComparison.Ordinal);
        Assert.DoesNotContain("user:", told[1].Event, StringComparison.Ordinal);
        Assert.All(told, one => Assert.DoesNotContain("Hidden", one.Event, StringComparison.Ordinal));
    }

    private static async Task Save(Dispatcher dispatcher, string person, int count)
    {
        var entry = Catalogue.Entries.Single(entry => entry.Name == "save-appointments");
        for (var number = 0; number < count; number++)
        {
            var body = System.Text.Encoding.UTF8.GetBytes($$"""{"appointments":[{{{RelayDesk.Time}}}]}""");
            var reply = await entry.Run(dispatcher, body, Desk.As(person), new(), Stopped);
            Assert.Null(reply.Refusal);
        }
    }
}

[Trait(Desk.OnPostgres, "")]
public sealed class RelayOnPostgresTests(RedisServer server) : RelayTests(server);
