using Kalends.Appointments;
using Kalends.Messages;
using Kalends.Permissions;
using Kalends.Storage;
using Kalends.Storage.Postgres;
using Kalends.Tests.Conversations;
using Kalends.Tests.Storage;
using NodaTime;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Postgres;

/// <summary>
/// Several processes that write at once, each a store with a dispatcher of its own here. Alone, since 64 writers take the whole machine.
/// </summary>
[Collection(nameof(Alone))]
public sealed class PostgresWritersTests : IAsyncLifetime
{
    private const string Meeting = "\"start\":\"2026-11-23T09:00:00\",\"timeZone\":\"UTC\",\"duration\":\"PT1H\"";

    private string database = "";
    private PostgresStore[] stores = [];
    private Dispatcher[] processes = [];

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await PrivateCluster.Database();
        stores = [new(database), new(database)];
        processes = [.. stores.Select(store => new Dispatcher(store, new OwnCalendarOnly(), new StandingClock(Instant.FromUtc(2026, 11, 1, 10, 0))))];
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var store in stores)
        {
            await store.DisposeAsync();
        }

        await PrivateCluster.Drop(database);
    }

    [Fact]
    public async Task One_of_sixty_four_equal_requests_wins_over_two_processes()
    {
        for (var round = 0; round < 20; round++)
        {
            var start = new LocalDateTime(2026, 1, 1, 8, 0).PlusHours(round);
            var replies = await AtOnce(64, writer => Run(writer, "save-appointments", $$"""
                {"appointments":[{"start":"{{start:uuuu-MM-dd'T'HH:mm:ss}}","timeZone":"UTC","duration":"PT1H",
                 "attendees":[{"calendar":"user:u{{writer}}"},{"calendar":"room:paris-3"}]}]}
                """, $"user:u{writer}"));
            Assert.Single(replies, reply => reply.Refusal is null);
            Assert.All(replies.Where(reply => reply.Refusal is not null), reply => Assert.Equal(RefusalCode.Conflict, reply.Refusal!.Code));
        }

        await Verify();
    }

    [Fact]
    public async Task The_database_itself_refuses_what_a_broken_guard_would_let_through()
    {
        var bookings = new[] { 1, 2 };
        await using (var session = await stores[0].Write("acme", Stopped))
        {
            var room = await session.Key(Room);
            await session.Create([.. bookings.Select(number => Booking(number, room, number * Hour, (number * Hour) + Hour + 1))]);
            var refusal = await Assert.ThrowsAsync<StoreChangedException>(async () => await session.Commit(Stopped));
            Assert.Contains("booked_once", refusal.InnerException!.Message, StringComparison.Ordinal);
        }

        await Verify();
    }

    [Fact]
    public async Task Two_that_change_places_in_a_room_in_one_command_are_not_in_each_others_way()
    {
        var first = await Save($$"""{"title":"a",{{Meeting}},"attendees":[{"calendar":"room:a"}]}""");
        var second = await Save($$"""{"title":"b",{{Meeting.Replace("T09", "T10", StringComparison.Ordinal)}},"attendees":[{"calendar":"room:a"}]}""");
        var swapped = await Run(0, "save-appointments", $$"""
            {"appointments":[{"id":"{{second}}",{{Meeting}},"attendees":[{"calendar":"room:a"}]},
             {"id":"{{first}}",{{Meeting.Replace("T09", "T10", StringComparison.Ordinal)}},"attendees":[{"calendar":"room:a"}]}]}
            """);
        Assert.Null(swapped.Refusal);
        await Verify();
    }

    [Fact]
    public async Task Of_saves_against_one_version_one_wins()
    {
        var id = await Save($$"""{{{Meeting}}}""");
        var version = 1L;
        for (var round = 0; round < 20; round++)
        {
            var save = $$"""{"appointments":[{"id":"{{id}}","version":{{version}},{{Meeting}}}]}""";
            var replies = await AtOnce(16, writer => Run(writer, "save-appointments", save));
            Assert.Single(replies, reply => reply.Refusal is null);
            Assert.All(replies.Where(reply => reply.Refusal is not null), reply => Assert.Equal(RefusalCode.StaleVersion, reply.Refusal!.Code));
            version++;
        }

        await Verify();
    }

    [Fact]
    public async Task Plain_saves_of_one_appointment_all_succeed_each_with_a_version_of_its_own()
    {
        var id = await Save($$"""{{{Meeting}}}""");
        var replies = await AtOnce(40, writer => Run(writer, "save-appointments", $$"""{"appointments":[{"id":"{{id}}","title":"{{writer}}",{{Meeting}}}]}"""));
        Assert.All(replies, reply => Assert.Null(reply.Refusal));
        Assert.Equal(Enumerable.Range(2, 40), replies.Select(Version).Order());
        await Verify();
    }

    [Fact]
    public async Task One_id_given_by_several_is_created_once_and_then_replaced()
    {
        var id = Guid.CreateVersion7();
        var replies = await AtOnce(16, writer => Run(
            writer, "save-appointments", $$"""{"appointments":[{"id":"{{id}}",{{Meeting}},"attendees":[{"calendar":"user:u{{writer}}"}]}]}"""));
        Assert.All(replies, reply => Assert.Null(reply.Refusal));
        Assert.Equal(Enumerable.Range(1, 16), replies.Select(Version).Order());
        await Verify();
    }

    [Fact]
    public async Task One_idempotency_key_has_one_effect_over_two_processes()
    {
        var replies = await AtOnce(16, writer => Run(
            writer, "save-appointments", $$"""{"appointments":[{{{Meeting}}}]}""", options: new() { IdempotencyKey = "the-same" }));
        Assert.All(replies.Where(reply => reply.Refusal is not null), reply => Assert.Equal(RefusalCode.Conflict, reply.Refusal!.Code));
        Assert.Single(replies, reply => reply is { Refusal: null, IsReplay: false });
        await using var session = await stores[0].Read("acme", Stopped);
        Assert.Equal(1, await session.Rows<IAppointmentRows>().Count());
    }

    [Fact]
    public async Task Meetings_of_many_in_any_order_end_without_a_deadlock_and_without_a_gap()
    {
        var random = new Random(20261124);
        var saves = Enumerable.Range(0, 300).Select(_ => Enumerable.Range(0, 12).OrderBy(_ => random.Next()).Take(5).ToList()).ToList();
        var replies = await AtOnce(saves.Count, writer => Run(writer, "save-appointments", $$"""
            {"appointments":[{{{Meeting}},"attendees":[{{string.Join(",", saves[writer].Select(person => $$"""{"calendar":"user:p{{person}}"}"""))}}]}]}
            """));
        Assert.All(replies, reply => Assert.Null(reply.Refusal));
        Assert.Equal(Enumerable.Range(1, 300).Select(number => (long)number), replies.Select(reply => reply.Position!.Value).Order());
        await Verify();
    }

    [Fact]
    public async Task Who_has_seen_a_number_has_seen_all_before_it()
    {
        using var over = new CancellationTokenSource();
        var reading = Task.Run(async () =>
        {
            var looks = 0;
            for (; !over.IsCancellationRequested; looks++)
            {
                await using var session = await stores[1].Read("acme", Stopped);
                var last = await session.Rows<IChangeRows>().Last();
                Assert.Equal(last, (await session.Rows<IAppointmentRows>().Count()));
            }

            return looks;
        }, Stopped);
        var replies = await AtOnce(200, writer => Run(writer, "save-appointments", $$"""{"appointments":[{{{Meeting}}}]}""", $"user:u{writer}"));
        await over.CancelAsync();
        Assert.All(replies, reply => Assert.Null(reply.Refusal));
        Assert.True(await reading > 10);
    }

    private static int Version(Reply reply) => (int)((SavedAppointments)reply.Result!).Saved[0].Version;

    private static async Task<Reply[]> AtOnce(int writers, Func<int, Task<Reply>> run) =>
        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(() => run(writer))));

    private async Task<string> Save(string appointment)
    {
        var reply = await Run(0, "save-appointments", $$"""{"appointments":[{{appointment}}]}""");
        return ((SavedAppointments)reply.Result!).Saved[0].Id.ToString();
    }

    private async Task<Reply> Run(int writer, string name, string json, string person = "user:ana", RunOptions? options = null) => await Catalogue.Entries
        .Single(entry => entry.Name == name)
        .Run(processes[writer % processes.Length], System.Text.Encoding.UTF8.GetBytes(json), Desk.As(person), options ?? new(), Stopped);

    private async Task Verify()
    {
        Assert.Empty(await stores[0].FindBroken(Stopped).ToListAsync(Stopped));
        Assert.Empty(await Verification.Run(stores[0], "acme", stopped: Stopped).ToListAsync(Stopped));
    }
}
