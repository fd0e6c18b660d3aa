using System.Text.Json.Nodes;
using Kalends.Appointments;
using Kalends.Messages;
using Kalends.Permissions;
using Kalends.Storage.Sqlite;
using Kalends.Tests.CommandLine;
using Kalends.Tests.Conversations.Series;
using NodaTime;
using static Kalends.Tests.Conversations.Series.SeriesDesk;

namespace Kalends.Tests.Conversations;

/// <summary>
/// Each call that a command makes to the database fails once, one after the other, the commit too: the command is refused, the file is as it
/// was, and the same command is done when nothing fails any more.
/// </summary>
public sealed class FaultTests
{
    [Theory]
    [MemberData(nameof(FailingCases.Commands), MemberType = typeof(FailingCases))]
    public async Task Whichever_call_to_the_database_fails_all_or_nothing_happened(string name, string request)
    {
        await using var desk = await Desk.Open();
        var json = await FailingCases.Prepare(desk, name, request);
        await AllOrNothing((SqliteStore)desk.Store, desk.File, () => desk.Run(name, json, options: new() { IdempotencyKey = "once" }));
        Assert.Empty(await desk.FindBroken());
    }

    [Fact]
    public async Task Whichever_call_fails_while_time_zones_change_all_or_nothing_happened()
    {
        using var zones = new OlderZones();
        var start = SystemClock.Instance.GetCurrentInstant().InUtc().Date.PlusDays(-30);
        await zones.Saved("save-appointments", $$"""
            {"appointments":[{"title":"Monthly","start":"{{start:uuuu-MM-dd}}T09:00:00","timeZone":"America/Mexico_City","duration":"PT1H",
             "recurrence":{"rule":"FREQ=MONTHLY;COUNT=13"},"attendees":[{"calendar":"user:eva"},{"calendar":"room:mexico-1"}]}]}
            """, "acme");
        await using var store = new SqliteStore($"Data Source={zones.Store}");
        var dispatcher = new Dispatcher(store, new RelationPermissions(), SystemClock.Instance);
        IReadOnlyList<Guid> ids;
        await using (var session = await store.Read("acme", TestContext.Current.CancellationToken))
        {
            ids = [.. (await session.Rows<IAppointmentRows>().Page(null, 100)).Select(row => row.Id)];
        }

        var request = new RezoneAppointments { Appointments = ids };
        var caller = Desk.As("user:operator", scopes: Scopes.Read | Scopes.Write | Scopes.Admin);
        await AllOrNothing(store, zones.Store, () => dispatcher.Run("rezone-appointments", request, caller, new(), TestContext.Current.CancellationToken));
        var stopped = TestContext.Current.CancellationToken;
        await store.SetZoneRelease(Time.Zones.Release, stopped);
        Assert.Empty(await Verification.Run(store, "acme", NodaTime.SystemClock.Instance.GetCurrentInstant(), stopped: stopped).ToListAsync(stopped));
        Assert.Empty(await store.FindBroken(stopped).ToListAsync(stopped));
    }

    [Fact]
    public async Task Whichever_call_fails_while_texts_are_erased_all_or_nothing_happened()
    {
        await using var desk = await Desk.Open();
        var json = await FailingCases.Prepare(desk, "erase-titles", """{"calendar":"user:ana"}""");
        await AllOrNothing((SqliteStore)desk.Store, desk.File, () => desk.Run("erase-titles", json, Admin, new() { IdempotencyKey = "once" }));
        Assert.Empty(await desk.FindBroken());
        Assert.Empty((await Kalends.Tests.Audit.Chain.Of(desk.Store, "acme")).Findings);
    }

    [Fact]
    public async Task Wherever_the_disk_is_full_nothing_of_a_series_is_kept()
    {
        await using var desk = await Desk.Open();
        await desk.SaveOne(FailingCases.Yearly);
        var failing = new FailingCalls((SqliteStore)desk.Store, desk.File);
        var people = string.Join(',', Enumerable.Range(0, 8).Select(person => $$"""{"calendar":"user:p{{person}}"}"""));
        var series = $$"""{"appointments":[{{With(Weekly, $"\"attendees\":[{people}]")}}]}""";
        var before = failing.Content();
        for (var pages = 0; ; pages++)
        {
            await failing.Grow(pages);
            var reply = await desk.Run("save-appointments", series);
            if (reply.Refusal is null)
            {
                Assert.True(pages > 20, $"the series took only {pages} pages");
                break;
            }

            Assert.Equal(RefusalCode.Unavailable, reply.Refusal.Code);
            Assert.Contains("full", reply.Refusal.Detail, StringComparison.Ordinal);
            Assert.Equal(before, failing.Content());
        }

        await failing.Heal();
        Assert.Empty(await desk.FindBroken());
    }

    private static async Task AllOrNothing(SqliteStore store, string file, Func<ValueTask<Reply>> run)
    {
        var failing = new FailingCalls(store, file);
        var before = failing.Content();
        await failing.RefuseCommits(true);
        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(async () => await run());
        await failing.RefuseCommits(false);
        Assert.Equal(before, failing.Content());
        for (var call = 1; ; call++)
        {
            await failing.Fail(call);
            var reply = await run();
            var where = $"call {call} of {failing.Calls}: {failing.Failed}";
            if (failing.Failed is null)
            {
                Assert.True(reply.Refusal is null && call > 10, where);
                break;
            }

            Assert.True(reply.Refusal?.Code == RefusalCode.Unavailable, $"{where}: {JsonNode.Parse(Messages.Json.WireJson.WriteAny(reply))}");
            Assert.True(before == failing.Content(), where);
        }

        await failing.Heal();
        Assert.NotEqual(before, failing.Content());
    }
}
