using System.Collections.Concurrent;
using Kalends.Queue;
using Kalends.Schedules;
using Kalends.Storage;
using Kalends.Tests.Conversations;
using Kalends.Tests.Queue;
using NodaTime;

namespace Kalends.Tests.Schedules;

/// <summary>Schedules over several processes: each time that is due is done once, an outage is made up for or told, and nothing ends a schedule.</summary>
public class ScheduleTests
{
    private static readonly Duration Minute = Duration.FromMinutes(1);

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_time_that_is_due_is_done_once_by_whichever_process_comes()
    {
        await using var desk = await Desk.Open();
        var runs = new ConcurrentQueue<Instant>();
        var schedule = Every(runs);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(async () => await Planting.Plant(desk.Store, [schedule], desk.Clock.Now, Stopped))));
        var processes = Enumerable.Range(0, 3).Select(_ => Process(desk, schedule)).ToList();
        for (var minute = 1; minute <= 20; minute++)
        {
            desk.Clock.Now += Minute;
            await Task.WhenAll(processes.Select(process => Task.Run(() => process.Work())));
            Assert.Equal(minute, runs.Count);
        }

        Assert.Equal(20, runs.Distinct().Count());
        Assert.Single(await Messages(desk));
        var state = await State(desk);
        Assert.Equal((21, desk.Clock.Now + Minute, desk.Clock.Now, "ran"), (state.Turn, state.NextAt, state.LastAt, state.LastOutcome));
        Assert.Empty(await desk.FindBroken());
    }

    [Fact]
    public async Task After_an_outage_one_run_stands_for_all_and_what_is_too_late_is_told()
    {
        await using var desk = await Desk.Open();
        var runs = new ConcurrentQueue<Instant>();
        var schedule = new Schedule("nightly", "FREQ=DAILY;BYHOUR=3", "UTC") { Queue = "upkeep", CatchUp = Duration.FromHours(2), Run = Ran(runs) };
        await Planting.Plant(desk.Store, [schedule], desk.Clock.Now, Stopped);
        desk.Clock.Now = Instant.FromUtc(2026, 11, 10, 4, 30);
        await Process(desk, schedule).Work();
        Assert.Single(runs);
        Assert.Equal(Instant.FromUtc(2026, 11, 11, 3, 0), (await State(desk)).NextAt);
        desk.Clock.Now = Instant.FromUtc(2026, 11, 20, 5, 30);
        await Process(desk, schedule).Work();
        Assert.Single(runs);
        var state = await State(desk);
        Assert.StartsWith("missed: it was due at 2026-11-20T03:00:00Z", state.LastOutcome, StringComparison.Ordinal);
        Assert.Equal(Instant.FromUtc(2026, 11, 21, 3, 0), state.NextAt);
    }

    [Fact]
    public async Task A_run_that_fails_time_and_again_is_told_and_the_next_turn_comes_all_the_same()
    {
        await using var desk = await Desk.Open();
        var schedule = new Schedule("nightly", "FREQ=DAILY;BYHOUR=3", "UTC")
        {
            Queue = "upkeep", CatchUp = Duration.FromHours(2), Run = (_, _) => throw new InvalidOperationException("it broke"),
        };
        await Planting.Plant(desk.Store, [schedule], desk.Clock.Now, Stopped);
        desk.Clock.Now = Instant.FromUtc(2026, 11, 2, 3, 0);
        for (var attempt = 0; attempt < 6; attempt++)
        {
            await Process(desk, schedule).Work();
            desk.Clock.Now += Duration.FromSeconds(20);
        }

        var state = await State(desk);
        Assert.Contains("it broke", state.LastOutcome, StringComparison.Ordinal);
        Assert.Equal((2, Instant.FromUtc(2026, 11, 3, 3, 0)), (state.Turn, state.NextAt));
        Assert.Single(await Messages(desk));
    }

    [Fact]
    public async Task A_message_that_was_deleted_is_sent_again_and_a_changed_rule_holds_at_once()
    {
        await using var desk = await Desk.Open();
        var runs = new ConcurrentQueue<Instant>();
        await Planting.Plant(desk.Store, [Every(runs)], desk.Clock.Now, Stopped);
        Assert.Equal(0, await Planting.Plant(desk.Store, [Every(runs)], desk.Clock.Now, Stopped));
        await using (var session = await desk.Store.Write(IStore.OwnTenant, Stopped))
        {
            await session.Rows<IQueueWrites>().Delete([(await Messages(desk)).Single().Id]);
            await session.Commit(Stopped);
        }

        Assert.Equal(1, await Planting.Plant(desk.Store, [Every(runs)], desk.Clock.Now, Stopped));
        var hourly = new Schedule("nightly", "FREQ=HOURLY", "UTC") { Queue = "upkeep", CatchUp = Minute, Run = Ran(runs) };
        Assert.Equal(1, await Planting.Plant(desk.Store, [hourly], desk.Clock.Now, Stopped));
        desk.Clock.Now += Minute;
        await Process(desk, hourly).Work();
        Assert.Empty(runs);
        desk.Clock.Now += Duration.FromMinutes(59);
        await Process(desk, hourly).Work();
        Assert.Single(runs);
    }

    [Fact]
    public async Task One_that_is_to_run_now_runs_beside_its_turns()
    {
        await using var desk = await Desk.Open();
        var runs = new ConcurrentQueue<Instant>();
        await Planting.Plant(desk.Store, [Every(runs)], desk.Clock.Now, Stopped);
        await Planting.RunNow(desk.Store, Every(runs), desk.Clock.Now, Stopped);
        await Process(desk, Every(runs)).Work();
        Assert.Single(runs);
        Assert.Equal((1, "ran"), ((await State(desk)).Turn, (await State(desk)).LastOutcome));
        Assert.Empty(await desk.Store.Tenants(Stopped));
    }

    [Fact]
    public async Task Housekeeping_forgets_what_nobody_comes_by_any_more_in_each_tenant()
    {
        await using var desk = await Desk.Open();
        foreach (var tenant in new[] { "acme", "globex" })
        {
            var caller = Desk.As("user:ana", tenant);
            await desk.Do("hold-time", """{"timespan":{"from":"2026-11-23T08:00:00Z","to":"2026-11-23T09:00:00Z"},"attendees":["user:ana"]}""", caller, new() { IdempotencyKey = "k" });
        }

        var house = new Housekeeping(desk.Store, null);
        Assert.Contains("0 answers, 0 holds", await house.Run(desk.Clock.Now, Stopped), StringComparison.Ordinal);
        desk.Clock.Now += Duration.FromDays(2);
        Assert.Contains("2 answers, 2 holds", await house.Run(desk.Clock.Now, Stopped), StringComparison.Ordinal);
        Assert.Contains("0 answers, 0 holds", await house.Run(desk.Clock.Now, Stopped), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Occurrences_are_stored_further_in_all_tenants_by_the_schedule_of_the_month()
    {
        await using var desk = await Desk.Open();
        foreach (var tenant in new[] { "acme", "globex" })
        {
            await desk.Save(
                """{"start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT1H","recurrence":{"rule":"FREQ=WEEKLY"}}""", Desk.As("user:ana", tenant));
        }

        var schedules = KnownSchedules.Of(desk.Store, desk.Dispatcher, new(), null);
        await Planting.Plant(desk.Store, schedules, desk.Clock.Now, Stopped);
        desk.Clock.Now = Instant.FromUtc(2026, 12, 1, 3, 0);
        await new Hands(desk.Store, desk.Clock, new ScheduleWork(KnownSchedules.Upkeep, schedules)).Work();
        var state = (await States(desk)).Single(one => one.Name == KnownSchedules.UpdateOccurrences);
        Assert.Equal("2 tenants: 2 series stored further, 8 occurrences", state.LastOutcome);
    }

    private static Schedule Every(ConcurrentQueue<Instant> runs) => new("nightly", "FREQ=MINUTELY", "UTC") { Queue = "upkeep", CatchUp = Minute, Run = Ran(runs) };

    private static ScheduledTask Ran(ConcurrentQueue<Instant> runs) => (now, _) =>
    {
        runs.Enqueue(now);
        return ValueTask.FromResult("ran");
    };

    private static Hands Process(Desk desk, Schedule schedule) => new(desk.Store, desk.Clock, new ScheduleWork("upkeep", [schedule]));

    private static async Task<ScheduleState> State(Desk desk) => (await States(desk)).Single();

    private static async Task<IReadOnlyList<ScheduleState>> States(Desk desk)
    {
        await using var session = await desk.Store.Read(IStore.OwnTenant, Stopped);
        return await session.Rows<IScheduleRows>().All();
    }

    private static async Task<IReadOnlyList<QueueMessage>> Messages(Desk desk)
    {
        await using var session = await desk.Store.Read(IStore.OwnTenant, Stopped);
        return await session.Rows<IQueueRows>().Page(dead: false, 0, 100);
    }
}

[Trait(Desk.OnPostgres, "")]
public sealed class ScheduleOnPostgresTests : ScheduleTests;
