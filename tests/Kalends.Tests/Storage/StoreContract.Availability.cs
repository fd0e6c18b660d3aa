using Kalends.Availability;
using Kalends.Storage;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Storage;

/// <summary>The first look of a query about availability, and what follows it, with a cache before the store and without.</summary>
public abstract partial class StoreContract
{
    private IEnumerable<IStore> BothWays => [Store, new CachedStore(Store, new(mostBytes: 1_000_000))];

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
            Assert.NotNull(found.Lineage);
            Assert.Equal(found.Lineage, (await rows.Glance(Asked([Ana]))).Lineage);
        }
    }

    [Fact]
    public async Task What_was_known_of_calendars_holds_while_they_have_that_version()
    {
        await Commit(async session => _ = (await session.Key(Ana), await session.Key(Ben), await session.Key(Room)));
        var known = await Glanced([Ana, Ben], null);
        Assert.Equivalent(known, await Glanced([Ana, Ben], known), strict: true);
        Assert.Equivalent(await Glanced([Room, Ana, Ben], null), await Glanced([Room, Ana, Ben], known), strict: true);

        await Commit(async session =>
        {
            var ana = (await session.Rows<ICalendarWrites>().Lock([Ana]))[Ana];
            await session.Rows<ICalendarWrites>().Save([ana with { TimeZone = "Asia/Tokyo" }]);
            await session.Rows<ITrailWrites>().Append(Command(), [], [ana.Key]);
        });
        var changed = await Glanced([Ana, Ben], known);
        Assert.Equal(("Asia/Tokyo", known[Ana].Version + 1), (changed[Ana].TimeZone, changed[Ana].Version));
        Assert.Equivalent(known[Ben], changed[Ben], strict: true);
        Assert.Equivalent(changed, await Glanced([Ana, Ben], With(Ben, calendar => calendar with { Key = 4_711 })), strict: true);

        IReadOnlyDictionary<CalendarId, Calendar> With(CalendarId id, Func<Calendar, Calendar> change) =>
            known.Values.Select(calendar => calendar.Id == id ? change(calendar) : calendar).ToDictionary(calendar => calendar.Id);
    }

    private async Task<IReadOnlyDictionary<CalendarId, Calendar>> Glanced(CalendarId[] ids, IReadOnlyDictionary<CalendarId, Calendar>? known)
    {
        await using var session = await Store.Read(Tenant, Stopped);
        return (await session.Rows<IAvailabilityRows>().Glance(Asked(ids) with { Known = known })).Calendars;
    }

    [Fact]
    public async Task What_follows_a_look_is_what_anybody_would_be_answered()
    {
        var keys = await WriteWeeks();
        CalendarId[] ids = [new("group:eng"), Ben, Ana];
        await using var plain = await Store.Read(Tenant, Stopped);
        var (stored, span) = (plain.Rows<IAttendanceRows>(), (From, To: From + (7 * Day)));
        var meant = await stored.Overlapping(keys, span.From, span.To, blockingOnly: true);
        var titles = await stored.Titles([.. meant.Select(row => row.Appointment).Distinct()]);
        foreach (var store in BothWays.SelectMany(store => Enumerable.Repeat(store, 3)))
        {
            await using var session = await store.Read(Tenant, Stopped);
            await session.Rows<IAvailabilityRows>().Look(Asked(ids) with { To = span.To, Named = 1_000 });
            var rows = session.Rows<IAttendanceRows>();
            var scanned = new List<BlockingTime>();
            await rows.Scan(keys, span.From, span.To, scanned.Add);
            Assert.Equal(
                meant.Select(row => (row.Calendar, row.From, row.To, row.Busyness, row.Privacy)),
                scanned.Select(row => (row.Calendar, row.From, row.To, row.Busyness, row.Privacy)));
            Assert.Equal(meant, await ReadPages(rows, keys, blocking: true, 7));
            Assert.Equal(meant, await ReadPages(rows, keys, blocking: true, 1_000));
            Assert.Equivalent(titles, await rows.Titles([.. meant.Select(row => row.Appointment).Distinct()]), strict: true);
            Assert.Equal(await stored.Overlapping(keys, span.From, span.To, false), await ReadPages(rows, keys, blocking: false, 1_000));
            Assert.Empty(await session.Rows<IOpenHoursRows>().Find(keys));
        }
    }

    [Fact]
    public async Task Who_sees_an_older_moment_is_answered_of_that_and_others_of_theirs()
    {
        var ana = await Commit(session => session.Key(Ana));
        var number = 0;
        foreach (var store in BothWays)
        {
            await Commit(session => session.Create(Booking(++number, ana, From, To)));
            await using var before = await store.Read(Tenant, Stopped);
            Assert.Single(await before.Rows<ICalendarRows>().Find([Ana]));
            await Commit(session => session.Create(Booking(++number, ana, From, To)));
            for (var round = 0; round < 3; round++)
            {
                await using var now = await store.Read(Tenant, Stopped);
                Assert.Equal(number, await Seen(now));
                Assert.Equal(number - 1, await Seen(before));
            }
        }

        async Task<int> Seen(IReadSession session)
        {
            await session.Rows<IAvailabilityRows>().Look(Asked([Ana]) with { Named = 10 });
            var count = 0;
            await session.Rows<IAttendanceRows>().Scan([ana], From, To, _ => count++);
            Assert.Equal(count, (await session.Rows<IAttendanceRows>().Page([ana], From, To, true, null, 10)).Count);
            return count;
        }
    }

    private static LookFor Asked(CalendarId[] calendars) => new() { Calendars = calendars, Caller = Ben, From = From, To = To, Now = 999 };
}
