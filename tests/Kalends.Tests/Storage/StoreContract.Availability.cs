using Kalends.Availability;
using Kalends.Storage;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Storage;

/// <summary>The first look of a query about availability.</summary>
public abstract partial class StoreContract
{
    [Fact]
    public async Task A_look_finds_calendars_and_what_is_held_on_those_asked_for()
    {
        await Commit(async session =>
        {
            var (ana, ben, room) = (await session.Key(Ana), await session.Key(Ben), await session.Key(Room));
            var rows = session.Rows<IAttendanceWrites>();
            await rows.SaveHold(new(Id(1), Ana, From, To, ExpiresAt: 1_000, [ana, room]));
            await rows.SaveHold(new(Id(2), Ana, From - Hour, From, ExpiresAt: 1_000, [ana]));
            await rows.SaveHold(new(Id(3), Ana, From, To, ExpiresAt: 999, [ana]));
            await rows.SaveHold(new(Id(4), Ana, From, To, ExpiresAt: 1_000, [ben]));
        });
        await using var session = await Store.Read(Tenant, Stopped);
        var found = await session.Rows<IAvailabilityRows>().Look(Asked([Room, Ana, new("user:nobody")]));
        var calendars = await session.Rows<ICalendarRows>().Find([Room, Ana, Ben]);
        Assert.Equivalent(calendars, found.Calendars, strict: true);
        Assert.Equal(
            new HeldTime[] { new(calendars[Ana].Key, From, To, Id(1)), new(calendars[Room].Key, From, To, Id(1)) }.ToHashSet(), found.Held.ToHashSet());
        Assert.True(found.Lasts);
    }

    [Fact]
    public async Task What_follows_a_look_is_of_its_moment_and_what_follows_a_glance_may_be_later()
    {
        await Commit(session => session.Key(Ana));
        foreach (var looking in new[] { true, false })
        {
            await using var session = await Store.Read(Tenant, Stopped);
            var rows = session.Rows<IAvailabilityRows>();
            var found = looking ? await rows.Look(Asked([Ana])) : await rows.Glance(Asked([Ana]));
            var key = found.Calendars[Ana].Key;
            var number = looking ? 1 : 2;
            await Commit(writing => writing.Create(Booking(number, key, From, To)));
            var seen = await session.Rows<IAttendanceRows>().Overlapping([key], From, To, blockingOnly: true);
            Assert.Equal(found.Lasts ? number - 1 : number, seen.Count);
            Assert.True(found.Lasts || !looking);
            Assert.Equal(found.Lasts, found.Calendars[Ana].Version == (await session.Rows<ICalendarRows>().Find([Ana]))[Ana].Version);
            Assert.Equal(found.Lineage, (await rows.Glance(Asked([Ana]))).Lineage);
        }
    }

    private static LookFor Asked(CalendarId[] calendars) => new() { Calendars = calendars, Caller = Ben, From = From, To = To, Now = 999 };
}
