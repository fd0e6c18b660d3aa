using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Kalends.Queue;
using Kalends.Reminders;
using Kalends.Storage;
using Kalends.Tests.Conversations;
using Kalends.Tests.Postgres;
using Kalends.Tests.Queue;
using NodaTime;

namespace Kalends.Tests.Reminders;

/// <summary>
/// Two processes share what is due, while appointments are moved and deleted just before: each reminder leaves once, and none of an appointment whose change was
/// answered before its message was begun with. KALENDS_REMINDER_RACE=10000 changes so many.
/// </summary>
[Trait(Desk.OnPostgres, "")]
public sealed class ReminderRaceTests
{
    private const int DueAtOnce = 300;

    private static readonly AsyncLocal<long> Began = new();

    private readonly ConcurrentQueue<(Guid Id, long Began)> sent = new();
    private readonly ConcurrentDictionary<Guid, long> changed = new();
    private int raced;

    [Fact]
    public async Task What_is_changed_just_before_does_not_leave_and_the_rest_leaves_once()
    {
        var races = int.Parse(Environment.GetEnvironmentVariable("KALENDS_REMINDER_RACE") ?? "60", CultureInfo.InvariantCulture);
        await using var desk = await ReminderDesk.Open([.. Enumerable.Range(0, 20).Select(number => $"p{number}")]);
        desk.Channel.Answer = one =>
        {
            sent.Enqueue((one.Says.Id!.Value, Began.Value));
            return SendResult.Sent;
        };
        var (shares, days, left) = (new int[2], 0, 0);
        for (; raced < races; days++)
        {
            if (days % 20 == 1)
            {
                // The tests' cluster has no autovacuum, and plans made for empty tables read all of large ones.
                await PrivateCluster.Execute(
                    desk.Desk.ConnectionString, "VACUUM (ANALYZE) appointment, attendance, calendar, calendar_change, reminder_watch, reminder_delivery, queue_message");
            }

            foreach (var (worker, share) in (await Race(desk, new LocalDate(2026, 11, 2).PlusDays(days), new Random(7 + days))).Index())
            {
                shares[worker] += share;
            }

            (raced, left) = (raced + changed.Count, left + sent.Count);
            changed.Clear();
            sent.Clear();
        }

        TestContext.Current.SendDiagnosticMessage(
            "{0} days, {1} due, {2} changed meanwhile, {3} sent, shares {4}", days, days * DueAtOnce, raced, left, string.Join(" and ", shares));
        Assert.All(shares, share => Assert.True(share > 0, "one worker had everything"));
    }

    /// <summary>One morning; the answer is how much each worker did.</summary>
    private async Task<int[]> Race(ReminderDesk desk, LocalDate day, Random dice)
    {
        var answer = await desk.Desk.Do("save-appointments", $$"""{"appointments":[{{string.Join(
            ',', Enumerable.Range(0, DueAtOnce).Select(number => Appointment(number, $"{day:uuuu-MM-dd}T09")))}}]}""", ReminderDesk.Admin);
        var ids = answer["saved"]!.AsArray().Select(saved => (Guid)saved!["id"]!).ToHashSet();
        desk.Desk.Clock.Now = day.At(new(8, 44)).InUtc().ToInstant();
        await desk.Claim();
        desk.Desk.Clock.Now += Duration.FromMinutes(1);
        var work = new Timed(new ReminderWork([desk.Channel], new(new(1, 1)), _ => { }, () => 0.5));
        var workers = Enumerable.Range(0, 2).Select(_ => Task.Run(() => Work(new(desk.Desk.Store, desk.Desk.Clock, work)))).ToList();
        foreach (var id in ids.OrderBy(_ => dice.Next()).Take(DueAtOnce / 3).TakeWhile(_ => !workers.TrueForAll(worker => worker.IsCompleted)))
        {
            await (dice.Next(2) == 0
                ? desk.Desk.Do("delete-appointments", $$"""{"appointments":[{"id":"{{id}}"}]}""", ReminderDesk.Admin)
                : desk.Desk.Do(
                    "save-appointments", $$"""{"appointments":[{"id":"{{id}}",{{Appointment(0, $"{day.PlusYears(20):uuuu-MM-dd}T09")[1..]}}]}""", ReminderDesk.Admin));
            changed[id] = Stopwatch.GetTimestamp();
        }

        var shares = await Task.WhenAll(workers);
        Assert.False(changed.IsEmpty, "nothing was changed meanwhile");
        var own = sent.ToList();
        Assert.All(own, one => Assert.Contains(one.Id, ids));
        Assert.DoesNotContain(own.GroupBy(one => one.Id), same => same.Count() > 1);
        Assert.DoesNotContain(own, one => changed.TryGetValue(one.Id, out var at) && at < one.Began);
        Assert.Empty(ids.Except(own.Select(one => one.Id)).Except(changed.Keys));
        return shares;
    }

    /// <summary>One message at a time, so that both have some.</summary>
    private static async Task<int> Work(Hands hands)
    {
        var done = 0;
        while (await hands.Work(most: 1) > 0)
        {
            done++;
        }

        return done;
    }

    private static string Appointment(int number, string hour) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"owner":"user:p{{number % 20}}","start":"{{hour}}:00:00","timeZone":"UTC","duration":"PT1H","reminders":[{"before":"PT15M"}]}""");

    /// <summary>Notes when it began with a message.</summary>
    private sealed class Timed(ReminderWork work) : IWork
    {
        public string Queue => work.Queue;

        public string Kind => work.Kind;

        public ValueTask<WorkResult> Run(WorkContext context)
        {
            Began.Value = Stopwatch.GetTimestamp();
            return work.Run(context);
        }

        public ValueTask Failed(QueueMessage message, string reason, Instant now, IWriteSession session) => work.Failed(message, reason, now, session);
    }
}
