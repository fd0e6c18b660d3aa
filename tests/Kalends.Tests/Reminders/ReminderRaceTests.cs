using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Kalends.Queue;
using Kalends.Reminders;
using Kalends.Storage;
using Kalends.Tests.Conversations;
using Kalends.Tests.Queue;
using NodaTime;

namespace Kalends.Tests.Reminders;

/// <summary>
/// Two processes share what is due, while appointments are moved and deleted just before: each reminder leaves once, and none of an appointment whose change was
/// answered before its message was begun with. KALENDS_REMINDER_RACE=10000 races with so many.
/// </summary>
[Trait(Desk.OnPostgres, "")]
public sealed class ReminderRaceTests
{
    private static readonly AsyncLocal<long> Began = new();

    [Fact]
    public async Task What_is_changed_just_before_does_not_leave_and_the_rest_leaves_once()
    {
        var count = int.Parse(Environment.GetEnvironmentVariable("KALENDS_REMINDER_RACE") ?? "300", CultureInfo.InvariantCulture);
        await using var desk = await ReminderDesk.Open([.. Enumerable.Range(0, 20).Select(number => $"p{number}")]);
        var ids = new List<Guid>();
        foreach (var some in Enumerable.Range(0, count).Chunk(1_000))
        {
            var answer = await desk.Desk.Do("save-appointments", $$"""{"appointments":[{{string.Join(',', some.Select(Appointment))}}]}""", ReminderDesk.Admin);
            ids.AddRange(answer["saved"]!.AsArray().Select(saved => (Guid)saved!["id"]!));
        }

        desk.Desk.Clock.Now = Instant.FromUtc(2026, 11, 2, 8, 44);
        await desk.Claim();
        desk.Desk.Clock.Now = Instant.FromUtc(2026, 11, 2, 8, 45);
        var (sent, changed) = (new ConcurrentQueue<(Guid Id, long Began)>(), new ConcurrentDictionary<Guid, long>());
        desk.Channel.Answer = one =>
        {
            sent.Enqueue((one.Says.Id!.Value, Began.Value));
            return SendResult.Sent;
        };
        var work = new Timed(new ReminderWork([desk.Channel], new(new(1, 1)), _ => { }, () => 0.5));
        var workers = Enumerable.Range(0, 2).Select(_ => Task.Run(() => new Hands(desk.Desk.Store, desk.Desk.Clock, work).Work())).ToList();
        var dice = new Random(7);
        foreach (var id in ids.Where(_ => dice.Next(4) == 0).OrderBy(_ => dice.Next()).Take(count / 5))
        {
            if (workers.TrueForAll(worker => worker.IsCompleted))
            {
                break;
            }

            await (dice.Next(2) == 0
                ? desk.Desk.Do("delete-appointments", $$"""{"appointments":[{"id":"{{id}}"}]}""", ReminderDesk.Admin)
                : desk.Desk.Do(
                    "save-appointments", $$"""{"appointments":[{"id":"{{id}}",{{Appointment(0)[1..].Replace("T09", "T17", StringComparison.Ordinal)}}]}""", ReminderDesk.Admin));
            changed[id] = Stopwatch.GetTimestamp();
        }

        var shares = await Task.WhenAll(workers);
        Assert.DoesNotContain(sent.GroupBy(one => one.Id), same => same.Count() > 1);
        Assert.DoesNotContain(sent, one => changed.TryGetValue(one.Id, out var at) && at < one.Began);
        Assert.Empty(ids.Except(sent.Select(one => one.Id)).Except(changed.Keys));
        Assert.Equal(count, sent.Count + changed.Keys.Except(sent.Select(one => one.Id)).Count());
        TestContext.Current.SendDiagnosticMessage(
            "{0} due, {1} changed, {2} sent, shares {3}", count, changed.Count, sent.Count, string.Join(" and ", shares));
    }

    private static string Appointment(int number) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"owner":"user:p{{number % 20}}","start":"2026-11-02T09:00:00","timeZone":"UTC","duration":"PT1H","reminders":[{"before":"PT15M"}]}""");

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
