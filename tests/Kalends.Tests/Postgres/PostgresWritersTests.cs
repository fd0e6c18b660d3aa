using System.Globalization;
using Kalends.Appointments;
using Kalends.Availability;
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
        processes = [.. stores.Select(store => new Dispatcher(store, new RelationPermissions(), new StandingClock(Instant.FromUtc(2026, 11, 1, 10, 0))))];
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
    public async Task What_goes_wrong_with_what_is_written_meanwhile_is_told_with_what_is_asked_next()
    {
        await Commit(async session => _ = await session.Create(Booking(1, await session.Key(Ana), 0, Hour)));
        await using (var session = await stores[0].Write("acme", Stopped))
        {
            var ana = await session.Key(Ana);
            await session.Rows<IAppointmentWrites>().Save([Booking(2, ana, 0, Hour), Booking(1, ana, 0, Hour)]);
            await session.StartWriting(Guid.NewGuid(), Now, []);
            await session.Rows<IAppointmentWrites>().Save([Booking(3, ana, 0, Hour)]);
            await Assert.ThrowsAsync<StoreChangedException>(async () => await session.Commit(Stopped));
        }

        await using (var session = await stores[0].Write("acme", Stopped))
        {
            await session.Rows<IAppointmentWrites>().Save([Booking(1, await session.Key(Ana), 0, Hour)]);
            await session.StartWriting(Guid.NewGuid(), Now, []);
        }

        await using var after = await stores[0].Read("acme", Stopped);
        Assert.Equal([Id(1)], (await after.Rows<IAppointmentRows>().Page(null, 10)).Select(row => row.Id));
        await Verify(again: false);
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
    public async Task Who_locks_what_was_changed_since_it_was_read_is_told_so_and_who_locks_first_is_not()
    {
        await Commit(async session => _ = await session.Create(Booking(1, await session.Key(Ana), 0, Hour)));
        await using var late = await stores[0].Write("acme", Stopped);
        await using var early = await stores[0].Write("acme", Stopped);
        await late.Rows<IAppointmentRows>().Find([Id(1)]);
        await Commit(async session => _ = await session.Replace(Booking(1, await session.Key(Ana), 0, Hour), Moved(2)));
        var told = await Assert.ThrowsAsync<StoreChangedException>(async () => await late.Key(Ana));
        Assert.Equal([Ana], told.Calendars);
        await late.DisposeAsync();
        await early.Key(Ana);
        Assert.Equal(2, (await early.Rows<IAppointmentRows>().Find([Id(1)]))[Id(1)].Version);
        await early.Replace(Moved(2), Moved(3));
        await early.Commit(Stopped);
        await Verify(again: false);

        Booking Moved(long version) => Booking(1, 1, version * Hour, (version + 1) * Hour, Busyness.Busy, version, 1);
    }

    [Fact]
    public async Task Who_waited_for_its_locks_begins_again_under_them_and_does_not_wait_twice()
    {
        var id = await Save($$"""{"title":"all",{{Meeting}}}""");
        var before = await Transaction();
        var replies = await AtOnce(40, writer => Run(writer, "save-appointments", $$"""{"appointments":[{"id":"{{id}}","title":"{{writer}}",{{Meeting}}}]}"""));
        Assert.All(replies, reply => Assert.Null(reply.Refusal));
        Assert.Equal(Enumerable.Range(2, 40), replies.Select(Version).Order());
        // One for each, and the one that asks.
        Assert.Equal(before + 40 + 1, await Transaction());

        async Task<long> Transaction() => (long)(await PrivateCluster.Execute(database, "SELECT pg_current_xact_id()::text::bigint"))!;
    }

    [Fact]
    public async Task Who_holds_calendars_never_waits_for_more_of_them()
    {
        await Commit(async session => await session.Rows<ICalendarWrites>().Lock([Ana, Ben]));
        await using var one = await stores[0].Write("acme", Stopped);
        await using var other = await stores[1].Write("acme", Stopped);
        await one.Key(Ana);
        await other.Key(Ben);
        var told = await Assert.ThrowsAsync<StoreChangedException>(async () => await one.Rows<ICalendarWrites>().Lock([Ana, Ben]));
        Assert.False(told.MayBeginAgain);
        Assert.Equal([Ana, Ben], told.Calendars.Order());
        await one.DisposeAsync();
        await other.Rows<ICalendarWrites>().Lock([Ana]);
    }

    [Fact]
    public async Task More_stored_of_a_series_since_it_was_read_is_a_change_though_no_calendar_has_a_new_version()
    {
        await Commit(async session =>
        {
            await session.Create(Booking(1, await session.Key(Ana), 0, Hour));
            await session.Rows<ISeriesWrites>().Save(new(Id(1), 100 * Day), [await session.Key(Ana)]);
        });
        await using var late = await stores[0].Write("acme", Stopped);
        await late.Rows<ISeriesRows>().Horizons([Id(1)]);
        await Commit(async session => await session.Rows<ISeriesWrites>().Save(new(Id(1), 200 * Day), [await session.Key(Ana)]));
        await Assert.ThrowsAsync<StoreChangedException>(async () => await late.Key(Ana));
    }

    [Fact]
    public async Task Saves_deletes_and_answers_mixed_leave_a_whole_story()
    {
        const string With = "\"attendees\":[{\"calendar\":\"user:ana\"},{\"calendar\":\"user:ben\"}]";
        var ids = Enumerable.Range(0, 4).Select(_ => Guid.CreateVersion7()).ToList();
        var replies = await AtOnce(160, writer =>
        {
            var id = ids[writer / 4 % ids.Count];
            return (writer % 4) switch
            {
                0 => Run(writer, "delete-appointments", $$"""{"appointments":[{"id":"{{id}}"}]}"""),
                1 => Run(writer, "respond-to-appointments", $$"""
                    {"appointments":[{"id":"{{id}}","calendar":"user:ana","response":"{{(writer % 8 < 4 ? "accepted" : "declined")}}"}]}
                    """),
                _ => Run(writer, "save-appointments", $$"""{"appointments":[{"id":"{{id}}","title":"{{writer}}",{{Meeting}},{{With}}}]}"""),
            };
        });
        Assert.All(replies.Where(reply => reply.Refusal is not null), reply => Assert.Equal(RefusalCode.NotFound, reply.Refusal!.Code));
        await Verify();
    }

    [Fact]
    public async Task Series_are_edited_while_more_of_them_is_stored()
    {
        var id = await Save($$"""{"title":"daily",{{Meeting}},"recurrence":{"rule":"FREQ=DAILY"},"attendees":[{"calendar":"user:ana"},{"calendar":"user:ben"}]}""");
        var later = stores.Select(store => new Dispatcher(store, new RelationPermissions(), new StandingClock(Instant.FromUtc(2027, 3, 1, 10, 0)))).ToArray();
        var replies = await AtOnce(24, writer => writer % 3 == 0
            ? Run(later[writer % 2], "update-occurrences", "{}")
            : Run(later[writer % 2], "save-appointments", $$"""
                {"appointments":[{"id":"{{id}}","title":"{{writer}}",{{Meeting.Replace("T09", $"T{10 + (writer % 8)}", StringComparison.Ordinal)}},
                 "recurrence":{"rule":"FREQ=DAILY"},"attendees":[{"calendar":"user:ana"},{"calendar":"user:ben"}]}]}
                """));
        Assert.All(replies, reply => Assert.Null(reply.Refusal));
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
    public async Task One_id_given_by_strangers_who_share_no_calendar_is_created_once()
    {
        for (var round = 0; round < 10; round++)
        {
            var id = Guid.CreateVersion7();
            var replies = await AtOnce(8, writer => Run(
                writer, "save-appointments", $$"""{"appointments":[{"id":"{{id}}","title":"{{writer}}",{{Meeting}}}]}""", $"user:u{writer}"));
            Assert.Single(replies, reply => reply.Refusal is null);
            Assert.All(replies.Where(reply => reply.Refusal is not null), reply => Assert.Equal(RefusalCode.Forbidden, reply.Refusal!.Code));
        }

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
        await using (var session = await stores[0].Read("acme", Stopped))
        {
            var calendars = await session.Rows<ICalendarRows>().Page(null, null, 100);
            Assert.All(calendars.Where(calendar => calendar.Id.Value.StartsWith("user:p", StringComparison.Ordinal)), calendar =>
                Assert.Equal(saves.Count(people => people.Contains(int.Parse(calendar.Id.Value[6..], CultureInfo.InvariantCulture))), calendar.Version));
            await Assert.AllAsync(replies, async reply => Assert.True(await session.Covers(reply.Position!.Value)));
        }

        await Verify();
    }

    [Fact]
    public async Task Who_has_seen_a_version_has_seen_all_changes_before_it()
    {
        using var over = new CancellationTokenSource();
        var reading = Task.Run(async () =>
        {
            var looks = 0;
            for (; !over.IsCancellationRequested; looks++)
            {
                await using var session = await stores[1].Read("acme", Stopped);
                var all = (await session.Rows<ICalendarRows>().Find([new("user:all")])).Values.SingleOrDefault();
                var changes = await session.Rows<IChangeRows>().Since(all?.Key ?? 0, 0, 1_000);
                Assert.Equal(all?.Version ?? 0, changes.Count);
                Assert.Equal(Enumerable.Range(1, changes.Count).Select(version => (long)version), changes.Select(change => change.CalendarVersion));
            }

            return looks;
        }, Stopped);
        var replies = await AtOnce(200, writer => Run(writer, "save-appointments", $$"""
            {"appointments":[{{{Meeting}},"attendees":[{"calendar":"user:all"}]}]}
            """, $"user:u{writer}"));
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

    private Task<Reply> Run(int writer, string name, string json, string person = "user:ana", RunOptions? options = null) =>
        Run(processes[writer % processes.Length], name, json, person, options);

    private static async Task<Reply> Run(Dispatcher process, string name, string json, string person = "user:ana", RunOptions? options = null) =>
        await Catalogue.Entries.Single(entry => entry.Name == name).Run(process, System.Text.Encoding.UTF8.GetBytes(json), Desk.As(person), options ?? new(), Stopped);

    private async Task Commit(Func<IWriteSession, ValueTask> work)
    {
        await using var session = await stores[1].Write("acme", Stopped);
        await work(session);
        await session.Commit(Stopped);
    }

    /// <summary>The rows among themselves, and again from what the appointments say, where these are real ones.</summary>
    private async Task Verify(bool again = true)
    {
        Assert.Empty(await stores[0].FindBroken(Stopped).ToListAsync(Stopped));
        Assert.Empty(again ? await Verification.Run(stores[0], "acme", Instant.FromUtc(2026, 11, 1, 10, 0), stopped: Stopped).ToListAsync(Stopped) : []);
    }
}
