using System.Text;
using Kalends.Queue;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Tests.Storage;

/// <summary>The queue: messages come with what sent them, are read by one at a time, and end with their result.</summary>
public abstract partial class StoreContract
{
    private const string Letters = "letters";

    private static readonly Duration Minute = Duration.FromMinutes(1);

    private static readonly Instant Noon = Instant.FromUtc(2026, 11, 23, 12, 0) + Duration.FromMilliseconds(7);

    [Fact]
    public async Task A_message_is_read_with_all_it_was_sent_with()
    {
        await Commit(session => session.Rows<IQueueWrites>().Send(
            new(Letters, "note", """{"text":"a\u0000b"}"""u8.ToArray(), Noon + Minute) { Destination = "example.org", VisibleAt = Noon - Minute }, Noon));
        var taken = Assert.Single((await Take()).Messages);
        Assert.Equal(new(Tenant, taken.Lease, "note", "example.org", 1, Noon, Noon - Minute, Noon + Minute), taken);
        var found = (await Messages()).Single();
        Assert.Equal("""{"text":"a\u0000b"}""", Encoding.UTF8.GetString(found.Body));
        Assert.Equal(
            (taken.Lease.Message, Letters, "note", "example.org", Noon, Noon + Minute, Noon + Minute, 1, true, null),
            (found.Id, found.Queue, found.Kind, found.Destination, found.EnqueuedAt, found.VisibleAt, found.Deadline, found.Reads, found.IsHeld, found.LastError));
        await using var session = await Store.Read(Tenant, Stopped);
        Assert.Equal(found with { Body = [] }, (await session.Rows<IQueueRows>().Find(found.Id))! with { Body = [] });
        Assert.Empty(await Broken());
    }

    [Fact]
    public async Task What_was_sent_is_not_there_where_its_transaction_was_undone()
    {
        await using (var session = await Store.Write(Tenant, Stopped))
        {
            await session.Rows<IQueueWrites>().Send(Note(), Noon);
            await session.Rows<IQueueWrites>().Count(Noon);
        }

        Assert.Empty((await Take()).Messages);
        Assert.Empty(await Messages());
    }

    [Fact]
    public async Task A_message_is_read_by_one_until_its_lease_runs_out()
    {
        await Send(3);
        Assert.Equal(2, (await Take(2)).Messages.Count);
        Assert.Single((await Take(2)).Messages);
        Assert.Empty((await Take()).Messages);
        var late = Noon + Minute;
        Assert.Empty((await Take(at: late)).Messages);
        var lost = await Take(at: late, lost: true);
        Assert.Equal([2, 2, 2], lost.Messages.Select(message => message.Reads));
        Assert.Empty((await Take(at: late, lost: true)).Messages);
    }

    [Fact]
    public async Task Messages_come_in_the_order_in_which_they_may_be_read_and_not_before()
    {
        foreach (var minutes in new[] { 3, -1, 0, 2, -2 })
        {
            await Commit(session => session.Rows<IQueueWrites>().Send(
                Note($"{minutes}") with { VisibleAt = Noon + Duration.FromMinutes(minutes) }, Noon - Minute));
        }

        var first = await Take(2);
        Assert.Equal([Noon - Minute - Minute, Noon - Minute], first.Messages.Select(message => message.VisibleAt));
        Assert.Null(first.Next);
        var second = await Take();
        Assert.Equal([Noon], second.Messages.Select(message => message.VisibleAt));
        Assert.Equal(Noon + Minute + Minute, second.Next);
        Assert.Equal(Noon + Minute + Minute, (await Take()).Next);
        Assert.Equal([Noon + Minute + Minute, Noon + Minute * 3], (await Take(at: Noon + Minute * 5)).Messages.Select(message => message.VisibleAt));
        Assert.Null((await Take(at: Noon + Minute * 5)).Next);
    }

    [Fact]
    public async Task Those_of_one_moment_come_as_they_were_sent()
    {
        var ids = (await Send(20)).Select(message => message.Id);
        Assert.Equal(ids, (await Take(100)).Messages.Select(message => message.Lease.Message));
    }

    [Fact]
    public async Task Whoever_outlived_his_lease_can_neither_finish_nor_extend_nor_give_back_nor_shelve()
    {
        await Send(1);
        var before = (await Take()).Messages[0].Lease;
        var after = (await Take(at: Noon + Minute, lost: true)).Messages[0].Lease;
        Assert.Equal(before.Message, after.Message);
        Assert.True(after.Number > before.Number);
        Assert.DoesNotContain(true, await Each(before));
        var still = (await Messages()).Single();
        Assert.Equal((true, Noon + Minute + Minute, 2, null), (still.IsHeld, still.VisibleAt, still.Reads, still.LastError));
        Assert.True(await Commit(session => session.Rows<IQueueWrites>().StillHeld(after)));
        Assert.True(await Commit(session => session.Rows<IQueueWrites>().Finish(after)));
        Assert.DoesNotContain(true, await Each(after));
        Assert.Empty(await Messages());
        Assert.Empty(await Messages(dead: true));
    }

    [Fact]
    public async Task A_lease_that_ran_out_and_that_nobody_else_was_given_is_in_force()
    {
        await Send(1);
        var lease = (await Take()).Messages[0].Lease;
        Assert.Empty((await Take(at: Noon + Minute * 5)).Messages);
        Assert.True(await Commit(session => session.Rows<IQueueWrites>().Finish(lease)));
    }

    [Fact]
    public async Task Of_two_who_believe_to_hold_it_one_writes_his_result()
    {
        await Send(1);
        var before = (await Take()).Messages[0].Lease;
        var done = new List<string>();
        await using (var slow = await Store.Write(Tenant, Stopped))
        {
            Assert.True(await slow.Rows<IQueueWrites>().StillHeld(before));
            // Whoever reads now does not wait for the slow one, and does not get its message.
            var other = Task.Run(() => Take(at: Noon + Minute, lost: true).AsTask());
            await Task.WhenAny(other, Task.Delay(200, Stopped));
            Assert.True(await slow.Rows<IQueueWrites>().Finish(before));
            await slow.Rows<IQueueWrites>().Send(Note("result"), Noon);
            await slow.Commit(Stopped);
            Assert.Empty((await other).Messages);
        }

        Assert.Equal("\"result\"", Encoding.UTF8.GetString((await Messages()).Single().Body));
    }

    [Fact]
    public async Task A_result_is_committed_with_the_end_of_its_message_or_not_at_all()
    {
        await Send(2);
        var taken = (await Take()).Messages;
        Assert.Equal(2, (await Take(at: Noon + Minute, lost: true)).Messages.Count);
        await using (var late = await Store.Write(Tenant, Stopped))
        {
            await late.Rows<IQueueWrites>().Send(Note("late"), Noon);
            await Assert.ThrowsAsync<LeaseLostException>(async () =>
            {
                await late.Rows<IQueueWrites>().FinishWithCommit(taken[0].Lease);
                await late.Commit(Stopped);
            });
        }

        await Commit(async session =>
        {
            await session.Rows<IQueueWrites>().Send(Note("in time"), Noon);
            await session.Rows<IQueueWrites>().FinishWithCommit(new(taken[1].Lease.Message, taken[1].Lease.Number + 1));
        });
        Assert.Equal(["\"x\"", "\"in time\""], (await Messages()).Select(message => Encoding.UTF8.GetString(message.Body)));
    }

    [Fact]
    public async Task A_lease_is_extended_while_work_goes_on()
    {
        await Send(1);
        var lease = (await Take()).Messages[0].Lease;
        Assert.True(await Commit(session => session.Rows<IQueueWrites>().Extend(lease, Noon + Minute * 3)));
        Assert.Empty((await Take(at: Noon + Minute * 2, lost: true)).Messages);
        Assert.Single((await Take(at: Noon + Minute * 3, lost: true)).Messages);
    }

    [Fact]
    public async Task What_is_given_back_is_read_again_from_a_moment_on_and_says_what_went_wrong()
    {
        await Send(1);
        var first = (await Take()).Messages[0].Lease;
        Assert.True(await GiveBack(first, Noon + Minute, new string('x', 2_000), counts: true));
        var waiting = (await Messages()).Single();
        Assert.Equal((false, 1, Noon + Minute, QueueMessage.LongestError), (waiting.IsHeld, waiting.Reads, waiting.VisibleAt, waiting.LastError!.Length));
        Assert.False(await Commit(session => session.Rows<IQueueWrites>().Finish(first)));
        Assert.Empty((await Take()).Messages);
        // It was given back, so nobody fell silent over it.
        Assert.Empty((await Take(at: Noon + Minute, lost: true)).Messages);
        var second = (await Take(at: Noon + Minute)).Messages[0];
        Assert.Equal(2, second.Reads);
        Assert.True(await GiveBack(second.Lease, Noon + Minute, null, counts: false));
        waiting = (await Messages()).Single();
        Assert.Equal((1, QueueMessage.LongestError), (waiting.Reads, waiting.LastError!.Length));
        Assert.Equal(2, (await Take(at: Noon + Minute)).Messages[0].Reads);
        Assert.Empty(await Broken());
    }

    [Fact]
    public async Task Dead_letters_lie_apart_until_they_are_requeued_with_as_much_time_as_they_had()
    {
        await Send(3);
        var taken = (await Take()).Messages;
        foreach (var message in taken)
        {
            Assert.True(await Commit(session => session.Rows<IQueueWrites>().Bury(message.Lease, "it is poison", Noon + Minute)));
        }

        Assert.Empty(await Messages());
        Assert.Empty((await Take(at: Noon + Minute * 9, lost: true)).Messages);
        var dead = await Messages(dead: true);
        Assert.Equal(taken.Select(message => message.Lease.Message), dead.Select(message => message.Id));
        Assert.Equal(("it is poison", 1, Noon + Minute), (dead[0].LastError, dead[0].Reads, dead[0].VisibleAt));
        Assert.Empty(await Broken());

        var later = Noon + Duration.FromDays(7);
        Assert.Equal(1, await Commit(session => session.Rows<IQueueWrites>().Requeue([dead[1].Id, 999_999], later)));
        Assert.Equal(2, (await Messages(dead: true)).Count);
        Assert.Equal(2, await Commit(session => session.Rows<IQueueWrites>().Requeue(null, later)));
        Assert.Empty(await Messages(dead: true));
        var again = (await Take(at: later)).Messages;
        Assert.Equal(taken.Select(message => message.Lease.Message), again.Select(message => message.Lease.Message));
        Assert.All(again, message => Assert.Equal((1, later, later + Minute), (message.Reads, message.EnqueuedAt, message.Deadline)));
        Assert.False(await Commit(session => session.Rows<IQueueWrites>().Finish(taken[0].Lease)));
        Assert.True(await Commit(session => session.Rows<IQueueWrites>().Finish(again[0].Lease)));
        Assert.Empty(await Broken());
    }

    [Fact]
    public async Task Messages_and_dead_letters_are_deleted_by_id()
    {
        await Send(3);
        var taken = (await Take(2)).Messages;
        await Commit(session => session.Rows<IQueueWrites>().Bury(taken[0].Lease, "x", Noon));
        var ids = taken.Select(message => message.Lease.Message).ToList();
        Assert.Equal(2, await Commit(session => session.Rows<IQueueWrites>().Delete([.. ids, 999_999])));
        Assert.False(await Commit(session => session.Rows<IQueueWrites>().Finish(taken[1].Lease)));
        Assert.Single(await Messages());
        Assert.Empty(await Messages(dead: true));
    }

    [Fact]
    public async Task What_is_archived_is_no_dead_letter_and_is_read_no_more()
    {
        await Send(1);
        var lease = (await Take()).Messages[0].Lease;
        Assert.True(await Commit(session => session.Rows<IQueueWrites>().Archive(lease, Noon)));
        Assert.False(await Commit(session => session.Rows<IQueueWrites>().Archive(lease, Noon)));
        Assert.Empty(await Messages());
        Assert.Empty(await Messages(dead: true));
        Assert.Equal(0, await Commit(session => session.Rows<IQueueWrites>().Requeue(null, Noon)));
        Assert.Empty((await Take(at: Noon + Minute * 9)).Messages);
    }

    [Fact]
    public async Task Many_readers_at_once_never_get_the_same_message()
    {
        await Send(200);
        var taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            var mine = new List<long>();
            // Who is in the middle of reading has some locked, so none found is not none there.
            for (var empty = 0; empty < 5;)
            {
                var batch = (await Take(7)).Messages;
                empty = batch.Count == 0 ? empty + 1 : 0;
                mine.AddRange(batch.Select(message => message.Lease.Message));
            }

            return mine;
        })));
        Assert.Equal(200, taken.Sum(mine => mine.Count));
        Assert.Equal(200, taken.SelectMany(mine => mine).Distinct().Count());
        Assert.All(await Messages(limit: 500), message => Assert.Equal(1, message.Reads));
    }

    [Fact]
    public async Task Workers_read_for_all_tenants_and_each_message_is_of_its_own_alone()
    {
        await Send(1);
        await Commit(session => session.Rows<IQueueWrites>().Send(Note("theirs"), Noon), "globex");
        var taken = (await Take()).Messages;
        Assert.Equal([Tenant, "globex"], taken.Select(message => message.Tenant));
        var theirs = taken[1].Lease;
        Assert.DoesNotContain(true, await Each(theirs));
        Assert.Equal(0, await Commit(session => session.Rows<IQueueWrites>().Delete([theirs.Message])));
        await using (var session = await Store.Read(Tenant, Stopped))
        {
            Assert.Null(await session.Rows<IQueueRows>().Find(theirs.Message));
            Assert.Single(await session.Rows<IQueueRows>().Page(false, 0, 10));
        }

        Assert.True(await Commit(session => session.Rows<IQueueWrites>().Bury(theirs, "x", Noon), "globex"));
        Assert.Equal(0, await Commit(session => session.Rows<IQueueWrites>().Requeue(null, Noon)));
        Assert.Empty(await Messages(dead: true));
    }

    [Fact]
    public async Task Queues_are_apart()
    {
        await Send(1);
        await Commit(session => session.Rows<IQueueWrites>().Send(Note() with { Queue = "parcels" }, Noon));
        Assert.Single((await Take()).Messages);
        Assert.Empty((await Take()).Messages);
        Assert.Single((await Store.Queue.Take(new("parcels", 10, Minute), Noon, Stopped)).Messages);
    }

    [Fact]
    public async Task A_destination_without_room_is_put_off_and_holds_up_nobody()
    {
        foreach (var number in Enumerable.Range(0, 40))
        {
            await Commit(session => session.Rows<IQueueWrites>().Send(Note($"{number}") with { Destination = "dead.example" }, Noon));
        }

        foreach (var destination in new[] { "slow.example", "slow.example", "slow.example", "new.example", "new.example", "new.example", null })
        {
            await Commit(session => session.Rows<IQueueWrites>().Send(Note() with { Destination = destination }, Noon + Duration.FromMilliseconds(5)));
        }

        var back = Noon + Minute;
        var order = new TakeOrder(Letters, 5, Minute)
        {
            UsualRoom = 2, UsualBack = Noon + Duration.FromSeconds(1), Rooms = [new("dead.example", 0, back), new("slow.example", 1, back)],
        };
        var taken = await Store.Queue.Take(order, Noon + Minute / 2, Stopped);
        Assert.Equal(["slow.example", "new.example", "new.example", null], taken.Messages.Select(message => message.Destination));
        Assert.Equal([("dead.example", 40), ("new.example", 1), ("slow.example", 2)], taken.PutOff.OrderBy(pair => pair.Key).Select(pair => (pair.Key, pair.Value)));
        var waiting = (await Messages(limit: 100)).Where(message => message.Destination == "dead.example").ToList();
        Assert.All(waiting, message => Assert.Equal((0, false), (message.Reads, message.IsHeld)));
        Assert.Equal(Enumerable.Range(1, 40).Select(number => back + Duration.FromMilliseconds(number)), waiting.Select(message => message.VisibleAt));
        Assert.Equal(1, (await Store.Queue.Take(order with { Rooms = [] }, Noon + Minute / 2, Stopped)).Messages.Count(message => message.Destination == "new.example"));
    }

    [Fact]
    public async Task Messages_are_counted_by_tenant_and_by_queue()
    {
        await Send(4);
        await Commit(session => session.Rows<IQueueWrites>().Send(Note() with { Kind = "postcard", VisibleAt = Noon + Minute }, Noon));
        await Commit(session => session.Rows<IQueueWrites>().Send(Note() with { Queue = "a" }, Noon - Minute), "globex");
        var taken = (await Take(2)).Messages;
        await Commit(session => session.Rows<IQueueWrites>().Bury(taken[0].Lease, "x", Noon));
        await using (var session = await Store.Read(Tenant, Stopped))
        {
            Assert.Equal(
                [new(Letters, "note", 2, 0, 1, 1, Noon), new(Letters, "postcard", 0, 1, 0, 0, null)], await session.Rows<IQueueRows>().Count(Noon));
        }

        Assert.Equal([new("a", 1, 0, 0, 0, Noon - Minute), new(Letters, 2, 1, 1, 1, Noon)], await Store.Queue.Depths(Noon, Stopped));
        foreach (var message in (await Take(9, at: Noon + Minute)).Messages)
        {
            await Commit(session => session.Rows<IQueueWrites>().Finish(message.Lease));
        }

        Assert.Equal(new(Letters, 0, 0, 1, 1, null), (await Store.Queue.Depths(Noon, Stopped))[1]);
    }

    [Fact]
    public async Task Whoever_listens_is_told_of_what_was_committed_and_may_be_read()
    {
        var told = new List<string>();
        var first = new TaskCompletionSource();
        await using var listening = Store.Queue.Listen(queue =>
        {
            lock (told)
            {
                told.Add(queue);
            }

            first.TrySetResult();
        });
        await Commit(session => session.Rows<IQueueWrites>().Send(Note() with { Queue = "later", VisibleAt = Noon + Minute }, Noon));
        await using (var undone = await Store.Write(Tenant, Stopped))
        {
            await undone.Rows<IQueueWrites>().Send(Note() with { Queue = "undone" }, Noon);
        }

        await Send(1);
        await first.Task.WaitAsync(TimeSpan.FromSeconds(10), Stopped);
        lock (told)
        {
            Assert.Equal([Letters], told.Distinct());
        }
    }

    [Fact]
    public async Task What_breaks_a_limit_is_not_sent()
    {
        await using var session = await Store.Write(Tenant, Stopped);
        var rows = session.Rows<IQueueWrites>();
        await Assert.ThrowsAsync<ArgumentException>(async () => await rows.Send(new(Letters, "note", new byte[NewMessage.LongestBody + 1], Noon), Noon));
        await Assert.ThrowsAsync<ArgumentException>(async () => await rows.Send(Note() with { Kind = "" }, Noon));
        await Assert.ThrowsAsync<ArgumentException>(async () => await rows.Send(Note() with { Destination = new string('x', 256) }, Noon));
        var longest = $"\"{new string('x', NewMessage.LongestBody - 2)}\"";
        await rows.Send(new(Letters, "note", Encoding.UTF8.GetBytes(longest), Noon), Noon);
        await session.Commit(Stopped);
        Assert.Equal(NewMessage.LongestBody, (await Messages()).Single().Body.Length);
    }

    private static NewMessage Note(string text = "x") => new(Letters, "note", Encoding.UTF8.GetBytes($"\"{text}\""), Noon + Minute);

    private async Task<IReadOnlyList<QueueMessage>> Send(int count)
    {
        await Commit(async session =>
        {
            for (var number = 0; number < count; number++)
            {
                await session.Rows<IQueueWrites>().Send(Note(), Noon);
            }
        });
        return await Messages(limit: count);
    }

    private ValueTask<Taken> Take(int most = 10, Instant? at = null, bool lost = false) =>
        Store.Queue.Take(new(Letters, most, Minute) { OfLost = lost }, at ?? Noon, Stopped);

    private Task<bool> GiveBack(Lease lease, Instant at, string? error, bool counts) =>
        Commit(session => session.Rows<IQueueWrites>().GiveBack(lease, at, error, counts));

    private async Task<IReadOnlyList<QueueMessage>> Messages(bool dead = false, int limit = 100)
    {
        await using var session = await Store.Read(Tenant, Stopped);
        return await session.Rows<IQueueRows>().Page(dead, 0, limit);
    }

    /// <summary>All that a lease is for, each tried.</summary>
    private async Task<bool[]> Each(Lease lease) =>
    [
        await Commit(session => session.Rows<IQueueWrites>().StillHeld(lease)),
        await Commit(session => session.Rows<IQueueWrites>().Extend(lease, Noon + Minute * 9)),
        await GiveBack(lease, Noon, "late", counts: true),
        await Commit(session => session.Rows<IQueueWrites>().Bury(lease, "late", Noon)),
        await Commit(session => session.Rows<IQueueWrites>().Archive(lease, Noon)),
        await Commit(session => session.Rows<IQueueWrites>().Finish(lease)),
    ];
}
