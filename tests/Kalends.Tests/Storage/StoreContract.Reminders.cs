using Kalends.Appointments;
using Kalends.Reminders;
using Kalends.Schedules;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Tests.Storage;

/// <summary>Schedules and reminders: a turn is given once, what is about to be sent is noted once, and its end is written once.</summary>
public abstract partial class StoreContract
{
    private static readonly DeliveryKey Delivery = new(1_800_000_000, Guid.Parse("0190a2f4-1c3b-7def-8123-456789abcdef"), 7, "PT15M", ReminderChannel.Sms);

    [Fact]
    public async Task A_turn_of_a_schedule_is_given_once()
    {
        var first = new ScheduleState { Name = "nightly", Rule = "FREQ=DAILY", Zone = "UTC", Turn = 1, NextAt = Instant.FromUnixTimeSeconds(1_800_000_000) };
        Assert.True(await Turn(first));
        Assert.False(await Turn(first));
        Assert.False(await Turn(first with { Turn = 3 }));
        await Commit(session => session.Rows<IScheduleWrites>().Ended("nightly", first.NextAt, "done"));
        Assert.True(await Turn(first with { Turn = 2, Rule = "FREQ=HOURLY" }));
        await using var session = await Store.Read(Tenant, Stopped);
        Assert.Equal(
            [first with { Turn = 2, Rule = "FREQ=HOURLY", LastAt = first.NextAt, LastOutcome = "done" }], await session.Rows<IScheduleRows>().All());
    }

    [Fact]
    public async Task What_is_about_to_be_sent_is_noted_once_and_ended_by_its_own_message_alone()
    {
        Assert.Single(await Intend(5));
        Assert.Empty(await Intend(5));
        Assert.Empty(await Intend(6));
        Assert.Equal((DeliveryState.Sending, 5), await State());
        await Commit(session => session.Rows<IReminderWrites>().TakeBack([Delivery], 6));
        await End(6, DeliveryState.Failed);
        Assert.Equal((DeliveryState.Sending, 5), await State());
        await Commit(session => session.Rows<IReminderWrites>().TakeBack([Delivery], 5));
        Assert.Null(await State());
        Assert.Single(await Intend(6));
        await End(6, DeliveryState.Sent);
        await End(6, DeliveryState.Failed);
        Assert.Equal((DeliveryState.Sent, 6), await State());
        await Commit(session => session.Rows<IReminderWrites>().TakeBack([Delivery], 6));
        Assert.Equal((DeliveryState.Sent, 6), await State());
        await End(IReminderWrites.NoMessage, DeliveryState.Failed, Delivery with { Reminder = "PT5M" });
        await using var session = await Store.Read(Tenant, Stopped);
        var page = await session.Rows<Kalends.Publications.IPublicationRows>().Read(0, Kalends.Publications.FeedMark.Settled(1_000), 10);
        Assert.Equal(["kalends.reminder.sent", "kalends.reminder.failed"], page.Entries.Select(entry => entry.Type));
        Assert.Empty(await Broken());
    }

    [Fact]
    public async Task What_is_watched_comes_in_order_of_time_and_only_in_its_tenant()
    {
        var ids = Enumerable.Range(0, 3).Select(_ => Guid.CreateVersion7()).ToList();
        await Commit(session => session.Rows<IReminderWatches>().Watch([new(ids[0], 300), new(ids[1], 100), new(ids[2], 200)]));
        await Commit(session => session.Rows<IReminderWatches>().Watch([new(ids[2], null), new(ids[1], 150)]));
        await Commit(session => session.Rows<IReminderWatches>().LookAgain([ids[0], ids[2]], 120));
        await using var session = await Store.Write(Tenant, Stopped);
        Assert.Equal([new(ids[0], 120), new(ids[1], 150)], await session.Rows<IReminderWrites>().TakeDue(200, 10));
        Assert.Equal([new ReminderWatch(ids[0], 120)], await session.Rows<IReminderWrites>().TakeDue(200, 1));
        await session.DisposeAsync();
        Assert.Empty(await Store.TenantsToRemind(Instant.FromUnixTimeSeconds(119), Stopped));
        Assert.Equal([Tenant], await Store.TenantsToRemind(Instant.FromUnixTimeSeconds(120), Stopped));
        await using var other = await Store.Write("globex", Stopped);
        Assert.Empty(await other.Rows<IReminderWrites>().TakeDue(1_000, 10));
    }

    private Task<bool> Turn(ScheduleState state) => Commit(session => session.Rows<IScheduleWrites>().Turn(state));

    private async Task<IReadOnlySet<DeliveryKey>> Intend(long message) => await Commit(session =>
        session.Rows<IReminderWrites>().Intend([new(Delivery, 1_799_999_100, Guid.CreateVersion7())], message, Instant.FromUnixTimeSeconds(1_799_999_100)));

    private Task End(long message, DeliveryState state, DeliveryKey? key = null) => Commit(session => session.Rows<IReminderWrites>().End(
        [new(key ?? Delivery, 1_799_999_100, state, new($"kalends.reminder.{state.ToString().ToLowerInvariant()}", Delivery.Appointment.ToString(), "{}"u8.ToArray()))],
        message, Instant.FromUnixTimeSeconds(1_799_999_200)));

    private async Task<(DeliveryState, long)?> State()
    {
        await using var session = await Store.Read(Tenant, Stopped);
        var states = await session.Rows<IReminderRows>().States([Delivery]);
        return states.TryGetValue(Delivery, out var state) ? state : null;
    }
}
