using Kalends.Storage;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Storage;

/// <summary>Calendars and the answers kept for idempotency keys.</summary>
public abstract partial class StoreContract
{
    [Fact]
    public async Task A_calendar_named_for_the_first_time_begins_as_its_name_says()
    {
        await using var session = await Store.Write(Tenant, Stopped);
        var locked = await session.Rows<ICalendarWrites>().Lock([Room, Ana, Ana]);
        Assert.Equal(2, locked.Count);
        Assert.Equivalent(Calendar.Implied(Room) with { Key = locked[Room].Key }, locked[Room], strict: true);
        Assert.True(locked[Room].Key > 0);
        Assert.NotEqual(locked[Room].Key, locked[Ana].Key);
        Assert.Equal(locked[Ana].Key, (await session.Rows<ICalendarWrites>().Lock([Ana]))[Ana].Key);
    }

    [Fact]
    public async Task A_saved_calendar_reads_as_it_was_saved_but_for_key_and_version()
    {
        var saved = await Commit(async session =>
        {
            var rows = session.Rows<ICalendarWrites>();
            var calendar = (await rows.Lock([Room]))[Room] with
            {
                Version = 99,
                Kind = CalendarKind.Other,
                Name = "Salle «3» 会議室",
                TimeZone = "Europe/Paris",
                DoubleBooking = DoubleBooking.Allow,
                Capacity = 12,
                Features = ["screen", "a \"quoted\" one"],
                Site = "",
            };
            await rows.Save([calendar]);
            return calendar;
        });
        await using var session = await Store.Read(Tenant, Stopped);
        var read = (await session.Rows<ICalendarRows>().Find([Ana, Room]))[Room];
        Assert.Equivalent(saved with { Version = 0 }, read, strict: true);
    }

    [Fact]
    public async Task Saving_a_calendar_that_is_not_there_is_a_bug()
    {
        await using var session = await Store.Write(Tenant, Stopped);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await session.Rows<ICalendarWrites>().Save([Calendar.Implied(Ana)]));
    }

    [Fact]
    public async Task Calendars_come_by_name_page_by_page()
    {
        await Commit(session => session.Rows<ICalendarWrites>().Lock([new("user:c"), new("room:b"), new("user:a"), new("group:d")]));
        await using var session = await Store.Read(Tenant, Stopped);
        var rows = session.Rows<ICalendarRows>();
        Assert.Equal(["group:d", "room:b"], (await rows.Page(null, null, 2)).Select(calendar => calendar.Id.Value));
        Assert.Equal(["user:a", "user:c"], (await rows.Page(null, new("room:b"), 2)).Select(calendar => calendar.Id.Value));
        Assert.Empty(await rows.Page(null, new("user:c"), 2));
        Assert.Equal(["user:c"], (await rows.Page(CalendarKind.User, new("user:a"), 2)).Select(calendar => calendar.Id.Value));
    }

    [Fact]
    public async Task An_answer_is_kept_for_its_person_and_key_until_it_is_too_old()
    {
        var answer = new KeptAnswer("save-appointments", [1, 2, 3], true, "{\"é\":1}"u8.ToArray(), Now);
        await Commit(session => session.Rows<IIdempotencyRows>().Keep(Ana, "k", answer));
        await using var session = await Store.Read(Tenant, Stopped);
        var rows = session.Rows<IIdempotencyRows>();
        Assert.Equivalent(answer, await rows.Find(Ana, "k", Now), strict: true);
        Assert.Null(await rows.Find(Ana, "k", Now + NodaTime.Duration.FromSeconds(1)));
        Assert.Null(await rows.Find(Ana, "K", Now));
        Assert.Null(await rows.Find(Ben, "k", Now));
        await using var other = await Store.Read("globex", Stopped);
        Assert.Null(await other.Rows<IIdempotencyRows>().Find(Ana, "k", Now));
    }

    [Fact]
    public async Task A_newer_answer_takes_the_place_of_an_older_one()
    {
        var first = new KeptAnswer("a", [1], false, "1"u8.ToArray(), Now);
        var second = new KeptAnswer("b", [2], true, "2"u8.ToArray(), Now + NodaTime.Duration.FromHours(30));
        await Commit(session => session.Rows<IIdempotencyRows>().Keep(Ana, "k", first));
        await Commit(session => session.Rows<IIdempotencyRows>().Keep(Ana, "k", second));
        await using var session = await Store.Read(Tenant, Stopped);
        Assert.Equivalent(second, await session.Rows<IIdempotencyRows>().Find(Ana, "k", Now), strict: true);
    }
}
