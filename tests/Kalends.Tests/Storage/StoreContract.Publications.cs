using Kalends.Publications;
using Kalends.Storage;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Storage;

/// <summary>The outbox, read on from a place.</summary>
public abstract partial class StoreContract
{
    [Fact]
    public async Task Publications_come_in_order_each_with_its_change_and_go_on_from_a_place()
    {
        var start = (await Publications(IPublicationRows.Unknown, null, 0)).Through;
        Assert.Equal(0, start);
        await Commit(async session => await session.Create(Booking(1, await session.Key(Ana), From, To), Booking(2, await session.Key(Ana), From, To)));
        await Commit(async session => await session.Create(Booking(3, await session.Key(Ben), From, To)));
        await Commit(async session => await session.Create(Booking(9, await session.Key(Ana), From, To)), "globex");
        var page = await Publications(start, null, 2);
        Assert.Equal([Id(1), Id(2)], page.Entries.Select(entry => entry.Entry!.Appointment!.Value));
        Assert.True(page.IsFull);
        var rest = await Publications(page.Through, page.Mark, 2);
        var last = Assert.Single(rest.Entries);
        Assert.False(rest.IsFull);
        Assert.Equal((Id(3), Ana, "web", "save-appointments", "trace-1"), (last.Entry!.Appointment!.Value, last.Entry.By, last.Entry.App, last.Entry.Command, last.Entry.RequestId));
        Assert.Equal(("kalends.appointment.created.v1", Now, "{}"), (last.Type, last.Time, System.Text.Encoding.UTF8.GetString(last.Data)));
        Assert.NotNull(last.Entry.After);
        var end = await Publications(rest.Through, rest.Mark, 2);
        Assert.Empty(end.Entries);
        Assert.Equal(end.Through, (await Publications(IPublicationRows.Unknown, null, 0)).Through);
        Assert.Single((await Publications(0, null, 5, "globex")).Entries);
        Assert.Empty((await Publications(0, null, 5, "nobody")).Entries);
    }

    [Fact]
    public async Task The_latest_publications_are_counted_back_in_each_tenant_alone()
    {
        for (var number = 1; number <= 3; number++)
        {
            await Commit(async session => await session.Create(Booking(number, await session.Key(Ana), From, To)));
            await Commit(async session => await session.Create(Booking(9 + number, await session.Key(Ana), From, To)), "globex");
        }

        var all = (await Publications(0, null, 10)).Entries.Select(entry => entry.Seq).ToList();
        Assert.Equal(3, all.Count);
        await using var session = await Store.Read(Tenant, Stopped);
        var rows = session.Rows<IPublicationRows>();
        Assert.Equal((all[2], all[1], all[0]), (await rows.BeforeLast(0), await rows.BeforeLast(1), await rows.BeforeLast(2)));
        Assert.Equal((0, 0), (await rows.BeforeLast(3), await rows.BeforeLast(1_000)));
    }

    [Fact]
    public async Task Publications_of_writers_side_by_side_come_once_and_in_the_order_of_each_calendar()
    {
        var heard = new List<Guid>();
        var ids = Enumerable.Range(1, 60).ToList();
        var keys = await Commit(async session => new[] { await session.Key(Ana), await session.Key(Ben), await session.Key(new("user:cy")) });
        var writing = Task.WhenAll(Enumerable.Range(0, 3).Select(writer => Task.Run(async () =>
        {
            foreach (var number in ids.Where(id => id % 3 == writer))
            {
                await Commit(session => session.Create(Booking(number, keys[writer], From, To)));
            }
        })));
        var (place, mark) = (0L, (FeedMark?)null);
        while (heard.Count < ids.Count)
        {
            await Task.Delay(1, Stopped);
            Assert.False(writing.IsFaulted, writing.Exception?.Message);
            var page = await Publications(place, mark, 7);
            heard.AddRange(page.Entries.Select(entry => entry.Entry!.Appointment!.Value));
            (place, mark) = (page.Through, page.Mark);
        }

        await writing;
        Assert.Equal(ids.Select(Id), heard.Order());
        for (var writer = 0; writer < 3; writer++)
        {
            var own = ids.Where(id => id % 3 == writer).Select(Id).ToList();
            Assert.Equal(own, heard.Where(own.Contains));
        }
    }

    protected async Task<FeedPage> Publications(long after, FeedMark? mark, int limit, string tenant = Tenant)
    {
        for (var attempt = 0; ; attempt++)
        {
            await using var session = await Store.Read(tenant, Stopped);
            var page = await session.Rows<IPublicationRows>().Read(after, mark, limit);
            // On a server that others use, all of their transactions are waited for.
            if (page.Mark is null || page.Entries.Count > 0 || attempt == 2_000)
            {
                return page;
            }

            mark = page.Mark;
            await Task.Delay(1, Stopped);
        }
    }
}
