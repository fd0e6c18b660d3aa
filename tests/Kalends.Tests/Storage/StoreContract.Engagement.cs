using Kalends.Audit;
using Kalends.Storage;
using NodaTime;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Storage;

/// <summary>Views of calendars, added up; what came and went, from the trail.</summary>
public abstract partial class StoreContract
{
    private static readonly LocalDate Monday = new(2026, 11, 23);

    [Fact]
    public async Task Views_add_up_for_each_day_calendar_and_viewer()
    {
        await Commit(session => session.Key(Ana));
        await Commit(session => session.Key(Room));
        CalendarViews[] views = [new(Monday, Ana, Ben, 3), new(Monday, Room, Ben, 1), new(Monday.PlusDays(1), Ana, Ben, 1), new(Monday, Ana, Ana, 1)];
        Assert.Equal(4, await Commit(session => session.Rows<IEngagementWrites>().Add(views)));
        Assert.Equal(2, await Commit(session => session.Rows<IEngagementWrites>().Add([new(Monday, Ana, Ben, 2), new(Monday, Room, Ana, 5)])));
        CalendarViews[] sums =
            [new(Monday, Ana, Ana, 1), new(Monday, Ana, Ben, 5), new(Monday, Room, Ana, 5), new(Monday, Room, Ben, 1), new(Monday.PlusDays(1), Ana, Ben, 1)];
        Assert.Equal(sums, (await ViewsOf(null)).Select(one => one.Row));
        Assert.Empty(await Broken());
    }

    [Fact]
    public async Task Views_are_asked_for_by_day_by_calendar_and_page_by_page()
    {
        var ana = await Commit(session => session.Key(Ana));
        var room = await Commit(session => session.Key(Room));
        await Commit(session => session.Rows<IEngagementWrites>().Add(
            [new(Monday, Ana, Ben, 1), new(Monday, Room, Ben, 2), new(Monday, Room, Ana, 3), new(Monday.PlusDays(1), Ana, Ben, 4), new(Monday.PlusDays(2), Ana, Ben, 5)]));
        var day = EngagementQuestion.DayOf(Monday);
        Assert.Equal([4L], (await ViewsOf([ana, room], day + 1, day + 2)).Select(one => one.Row.Views));
        Assert.Equal([3L, 2], (await ViewsOf([room])).Select(one => one.Row.Views));
        Assert.Empty(await ViewsOf([]));
        foreach (var calendars in new long[]?[] { null, [ana, room] })
        {
            var (found, after) = (new List<long>(), (ViewPlace?)null);
            while (await ViewsOf(calendars, after: after, limit: 2) is { Count: > 0 } page)
            {
                found.AddRange(page.Select(one => one.Row.Views));
                after = page[^1].Place;
            }

            Assert.Equal([1L, 3, 2, 4, 5], found);
        }
    }

    [Fact]
    public async Task A_calendar_nobody_wrote_to_and_another_tenants_have_no_views()
    {
        await Commit(session => session.Key(Ana));
        await Commit(session => session.Key(Ana), "globex");
        Assert.Equal(0, await Commit(session => session.Rows<IEngagementWrites>().Add([new(Monday, Ben, Ana, 1)])));
        await Commit(session => session.Rows<IEngagementWrites>().Add([new(Monday, Ana, Ana, 7)]), "globex");
        Assert.Empty(await ViewsOf(null));
        await using var session = await Store.Read("globex", Stopped);
        Assert.Equal(7, Assert.Single(await session.Rows<IEngagementRows>().Views(new(0, 100_000, null), null, 10)).Row.Views);
    }

    [Fact]
    public async Task Those_who_add_views_at_once_all_count()
    {
        await Commit(session => session.Key(Ana));
        await Commit(session => session.Key(Room));
        CalendarViews[] views = [new(Monday, Ana, Ben, 1), new(Monday, Room, Ben, 1)];
        await Task.WhenAll(Enumerable.Range(0, 20).Select(number => Task.Run(() => Commit(session =>
            session.Rows<IEngagementWrites>().Add(number % 2 == 0 ? views : [.. views.Reverse()])))));
        Assert.Equal([20L, 20], (await ViewsOf(null)).Select(one => one.Row.Views));
    }

    [Fact]
    public async Task What_came_and_went_is_counted_by_who_and_through_what()
    {
        var (ana, room) = (await Commit(session => session.Key(Ana)), await Commit(session => session.Key(Room)));
        await Commit(session => session.Create(Booking(1, ana, From, To), Booking(2, ana, From, To, room)));
        await Commit(session => session.Delete(Booking(1, ana, From, To)));
        Assert.Equal(new(Monday, ChangedBy.People, "web", false, 2, 1), Assert.Single(await ChangesOf(null)));
        Assert.Equal(new(Monday, ChangedBy.People, "web", false, 1, 0), Assert.Single(await ChangesOf([room])));
        Assert.Empty(await ChangesOf([]));
        Assert.Empty(await ChangesOf(null, EngagementQuestion.DayOf(Monday) + 1));
        await using var session = await Store.Read("globex", Stopped);
        Assert.Empty(await session.Rows<IEngagementRows>().Changes(new(0, 100_000, null), 10));
    }

    private async Task<IReadOnlyList<(ViewPlace Place, CalendarViews Row)>> ViewsOf(
        long[]? calendars, long from = 0, long to = 100_000, ViewPlace? after = null, int limit = 100)
    {
        await using var session = await Store.Read(Tenant, Stopped);
        return await session.Rows<IEngagementRows>().Views(new(from, to, calendars), after, limit);
    }

    private async Task<IReadOnlyList<AppointmentCounts>> ChangesOf(long[]? calendars, long from = 0)
    {
        await using var session = await Store.Read(Tenant, Stopped);
        return await session.Rows<IEngagementRows>().Changes(new(from, 100_000, calendars), 100);
    }
}
