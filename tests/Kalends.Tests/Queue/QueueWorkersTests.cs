using System.Collections.Concurrent;
using Kalends.Queue;
using Kalends.Tests.Conversations;
using NodaTime;

namespace Kalends.Tests.Queue;

/// <summary>Real workers on real stores: what they do with poison, with those who do not answer, with leases that are outlived, and as they end.</summary>
public abstract class QueueWorkersTests
{
    private const string Done = "done";

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    protected abstract bool OnPostgres { get; }

    [Fact]
    public async Task Poison_is_shelved_after_so_many_runs_while_others_flow_and_may_be_requeued()
    {
        await using var office = await Office.Open(OnPostgres);
        var (isMended, runs, told) = (false, 0, new ConcurrentQueue<string>());
        var poison = new Clerk("poison", async context =>
        {
            Interlocked.Increment(ref runs);
            return isMended ? await Write(context) : throw new InvalidOperationException("cannot be read");
        })
        {
            MostReads = 3,
            Retry = new(Duration.FromMilliseconds(10)),
            Told = async (message, reason, session) =>
            {
                told.Enqueue(reason);
                await session.Rows<IQueueWrites>().Send(Result("failed"), message.EnqueuedAt);
            },
        };
        await office.Send("poison", "bad");
        await office.Start(2, 60, poison, new Clerk("note", Write));
        await office.Send("note", [.. Enumerable.Range(0, 20).Select(number => $"n{number}")]);
        await Office.Until(async () => (await office.Messages(dead: true)).Count == 1 && (await office.Messages(kind: Done)).Count == 21);
        var dead = (await office.Messages(dead: true)).Single();
        Assert.Equal((3, 3), (runs, dead.Reads));
        Assert.Equal("it was begun 3 times and came to no end; InvalidOperationException: cannot be read", dead.LastError);
        Assert.Equal([dead.LastError], told);
        Assert.Contains("failed", (await office.Messages(kind: Done)).Select(Office.Text));

        isMended = true;
        Assert.Equal(1, await office.Requeue());
        await Office.Until(async () => (await office.Messages(kind: Done)).Select(Office.Text).Contains("bad"));
        Assert.Empty(await office.Messages(dead: true));
    }

    [Fact]
    public async Task Messages_whose_reader_has_fallen_silent_are_run_one_at_a_time_beside_the_others()
    {
        await using var office = await Office.Open(OnPostgres);
        await office.Send("note", "a", "b", "c", "d");
        var now = SystemClock.Instance.GetCurrentInstant();
        Assert.Equal(4, (await office.Store.Queue.Take(new(Clerk.Letters, 9, Duration.FromMilliseconds(1)), now, Stopped)).Messages.Count);
        var (atOnce, most, beside) = (0, 0, new TaskCompletionSource());
        await office.Start(
            4,
            60,
            new Clerk("note", async context =>
            {
                most = Math.Max(most, Interlocked.Increment(ref atOnce));
                // Others are not held up by it.
                await beside.Task.WaitAsync(context.Stopped);
                await Task.Delay(20, context.Stopped);
                Interlocked.Decrement(ref atOnce);
                return await Write(context);
            }),
            new Clerk("fresh", async context =>
            {
                beside.TrySetResult();
                return await Write(context);
            }));
        await Office.Until(() => Task.FromResult(most == 1));
        await office.Send("fresh", "x");
        await Office.Until(async () => (await office.Messages(kind: Done)).Count == 5);
        Assert.Equal(1, most);
    }

    [Fact]
    public async Task Work_that_outlived_its_lease_does_not_write_its_result_beside_another()
    {
        await using var office = await Office.Open(OnPostgres);
        var (begun, goOn, outcome) = (new TaskCompletionSource(), new TaskCompletionSource(), new TaskCompletionSource<Exception?>());
        await office.Send("note", "once");
        await office.Start(1, 1, new Clerk("note", async context =>
        {
            if (!begun.TrySetResult())
            {
                return await Write(context);
            }

            // Told to stop, it does not listen, as work that hangs does not.
            await goOn.Task;
            outcome.SetResult(await Record.ExceptionAsync(async () => await Write(context)));
            return WorkResult.Done;
        })
        {
            Longest = Duration.FromMilliseconds(50),
        });
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(20), Stopped);
        await office.Start(1, 60, new Clerk("note", Write));
        await Office.Until(async () => (await office.Messages(kind: Done)).Count == 1);
        goOn.SetResult();
        // Its token has ended by then, so it may not even come to the fence.
        Assert.True(await outcome.Task.WaitAsync(TimeSpan.FromSeconds(20), Stopped) is LeaseLostException or OperationCanceledException);
        Assert.Equal(["once"], (await office.Messages()).Select(Office.Text));
        Assert.Empty(await office.Messages(dead: true));
    }

    [Fact]
    public async Task A_lease_is_kept_while_work_goes_on()
    {
        await using var office = await Office.Open(OnPostgres);
        var (runs, goOn) = (0, new TaskCompletionSource());
        var slow = new Clerk("note", async context =>
        {
            Interlocked.Increment(ref runs);
            await goOn.Task.WaitAsync(context.Stopped);
            return await Write(context);
        });
        // Goes on when the lease was kept, so that a machine that stands still for a while loses none: that is what leases are for.
        await office.Send("note", "slow");
        var clock = new StandingClock(Instant.FromUnixTimeSeconds(1 + SystemClock.Instance.GetCurrentInstant().ToUnixTimeSeconds()));
        office.Clock = clock;
        await office.Start(1, 1, slow);
        await office.Start(1, 1, slow);
        await Office.Until(() => Task.FromResult(runs == 1));
        // How often it is extended, and that whoever is free looks each second, are by the clock on the wall.
        for (var kept = 0; kept < 12; kept++)
        {
            clock.Now += Duration.FromMilliseconds(900);
            await Office.Until(async () => (await office.Messages(kind: "note")).Single().VisibleAt == clock.Now + Duration.FromSeconds(1));
        }

        goOn.SetResult();
        await Office.Until(async () => (await office.Messages(kind: Done)).Count == 1);
        Assert.Equal(1, runs);
    }

    [Fact]
    public async Task A_receiver_that_is_dead_holds_up_nobody_else_and_is_found_again_soon_after_it_is_back()
    {
        await using var office = await Office.Open(OnPostgres);
        var (isBack, knocks) = (false, 0);
        Func<WorkContext, ValueTask<WorkResult>> post = async context =>
        {
            if (context.Message.Destination == "dead.example" && !isBack)
            {
                Interlocked.Increment(ref knocks);
                return WorkResult.Later("no answer");
            }

            return await Write(context);
        };
        var deadline = SystemClock.Instance.GetCurrentInstant() + Duration.FromMinutes(10);
        NewMessage To(string destination, int number) => new(Clerk.Letters, "post", System.Text.Encoding.UTF8.GetBytes($"\"{destination}{number}\""), deadline)
        {
            Destination = destination,
        };
        await office.Send(Enumerable.Range(0, 60).Select(number => To("dead.example", number)));
        await office.Send(Enumerable.Range(0, 30).Select(number => To($"alive{number % 3}.example", number)));
        await office.Start(4, 60, new Clerk("post", post));
        await Office.Until(async () => (await office.Messages(kind: Done)).Count == 30, seconds: 15);
        Assert.InRange(knocks, 1, 30);
        isBack = true;
        var back = SystemClock.Instance.GetCurrentInstant();
        await Office.Until(async () => (await office.Messages(kind: Done)).Count == 90, seconds: 30);
        Assert.True(SystemClock.Instance.GetCurrentInstant() - back < Duration.FromSeconds(15));
        Assert.Empty(await office.Messages(dead: true));
        Assert.All(await office.Messages(kind: "post"), message => Assert.Fail($"left: {message.Id}"));
    }

    [Fact]
    public async Task What_has_lost_its_purpose_fails_clearly_with_the_last_reason()
    {
        await using var office = await Office.Open(OnPostgres);
        var told = new ConcurrentQueue<string>();
        await office.Start(1, 60, new Clerk("note", _ => ValueTask.FromResult(WorkResult.Later("no answer from example.org")))
        {
            MostReads = 1,
            Told = (_, reason, _) =>
            {
                told.Enqueue(reason);
                return ValueTask.CompletedTask;
            },
        });
        await office.Send([new(Clerk.Letters, "note", "\"x\""u8.ToArray(), SystemClock.Instance.GetCurrentInstant() + Duration.FromSeconds(2))]);
        await Office.Until(async () => (await office.Messages(dead: true)).Count == 1);
        Assert.Equal(["its time is over; no answer from example.org"], told);
        Assert.Equal(told, (await office.Messages(dead: true)).Select(message => message.LastError));
    }

    [Fact]
    public async Task What_is_in_hand_as_the_process_ends_is_given_back_at_once_and_unread()
    {
        await using var office = await Office.Open(OnPostgres);
        var begun = new TaskCompletionSource();
        await office.Send("note", "x");
        var host = await office.Start(1, 60, new Clerk("note", async context =>
        {
            begun.TrySetResult();
            await Task.Delay(Timeout.Infinite, context.Stopped);
            return WorkResult.Done;
        }));
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(20), Stopped);
        await host.StopAsync(Stopped);
        var left = (await office.Messages()).Single();
        Assert.Equal((false, 0, null), (left.IsHeld, left.Reads, left.LastError));
        await office.Start(1, 60, new Clerk("note", Write));
        await Office.Until(async () => (await office.Messages(kind: Done)).Count == 1);
    }

    [Fact]
    public async Task What_was_read_ahead_and_not_begun_is_given_back_as_well()
    {
        await using var office = await Office.Open(OnPostgres);
        var begun = new TaskCompletionSource();
        await office.Send("note", [.. Enumerable.Range(0, 20).Select(number => $"n{number}")]);
        await office.Send("slow", "slow");
        await office.Send("note", [.. Enumerable.Range(20, 5).Select(number => $"n{number}")]);
        var host = await office.Start(1, 60, new Clerk("note", Write), new Clerk("slow", async context =>
        {
            begun.TrySetResult();
            await Task.Delay(Timeout.Infinite, context.Stopped);
            return WorkResult.Done;
        }));
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(20), Stopped);
        await host.StopAsync(Stopped);
        var left = (await office.Messages()).Where(message => message.Kind != Done).ToList();
        Assert.Equal(["slow", "n20", "n21", "n22", "n23", "n24"], left.Select(Office.Text));
        Assert.All(left, message => Assert.Equal((false, 0), (message.IsHeld, message.Reads)));
    }

    [Fact]
    public async Task A_kind_that_a_process_does_not_know_is_left_for_those_who_do()
    {
        await using var office = await Office.Open(OnPostgres);
        await office.Send("newer", "x");
        await office.Start(1, 60, new Clerk("note", Write));
        await Office.Until(async () => (await office.Messages()).Single() is { IsHeld: false, LastError: not null, Reads: 0 });
        Assert.Empty(await office.Messages(dead: true));
    }

    [Fact]
    public async Task Delayed_messages_are_done_when_their_time_comes()
    {
        await using var office = await Office.Open(OnPostgres);
        var (sent, done) = (SystemClock.Instance.GetCurrentInstant(), new TaskCompletionSource<Instant>());
        await office.Start(1, 60, new Clerk("note", context =>
        {
            done.TrySetResult(context.Now);
            return ValueTask.FromResult(WorkResult.Done);
        }));
        await office.Send([new(Clerk.Letters, "note", "\"x\""u8.ToArray(), sent + Duration.FromHours(1)) { VisibleAt = sent + Duration.FromMilliseconds(400) }]);
        Assert.True(await done.Task.WaitAsync(TimeSpan.FromSeconds(20), Stopped) >= sent + Duration.FromMilliseconds(400));
        await Office.Until(async () => (await office.Messages()).Count == 0);
    }

    [Fact]
    public async Task Three_processes_share_the_messages_and_each_is_done_once()
    {
        await using var office = await Office.Open(OnPostgres);
        var count = 300 * int.Parse(Environment.GetEnvironmentVariable("KALENDS_FAULT_ROUNDS") ?? "1", System.Globalization.CultureInfo.InvariantCulture);
        var shares = new ConcurrentDictionary<int, int>();
        foreach (var process in Enumerable.Range(0, 3))
        {
            await office.Start(8, 60, new Clerk("note", async context =>
            {
                shares.AddOrUpdate(process, 1, (_, number) => number + 1);
                return await Write(context);
            }));
        }

        await office.Send("note", [.. Enumerable.Range(0, count).Select(number => $"n{number}")]);
        await Office.Until(async () => (await office.Messages(kind: "note")).Count == 0, seconds: 120);
        var done = (await office.Messages(kind: Done)).Select(Office.Text).ToList();
        Assert.Equal(count, done.Count);
        Assert.Equal(count, done.Distinct().Count());
        Assert.Equal(count, shares.Values.Sum());
    }

    /// <summary>The result of a message is another, in a queue that nobody works on: it is there as often as the result was written.</summary>
    private static async ValueTask<WorkResult> Write(WorkContext context)
    {
        await using var session = await context.Write();
        await session.Rows<IQueueWrites>().Send(Result(Office.Text(context.Message)), context.Now);
        await context.Commit(session);
        return WorkResult.Done;
    }

    private static NewMessage Result(string text) =>
        new("results", Done, System.Text.Encoding.UTF8.GetBytes($"\"{text}\""), Instant.FromUtc(9999, 1, 1, 0, 0));
}

public sealed class QueueWorkersOnSqliteTests : QueueWorkersTests
{
    protected override bool OnPostgres => false;
}

public sealed class QueueWorkersOnPostgresTests : QueueWorkersTests
{
    protected override bool OnPostgres => true;
}
