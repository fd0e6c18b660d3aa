using Kalends.Availability;
using Kalends.Messages;
using Kalends.Storage;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Storage;

/// <summary>Open hours.</summary>
public abstract partial class StoreContract
{
    [Fact]
    public async Task Open_hours_are_found_for_those_calendars_that_have_any()
    {
        var (ana, ben, room) = await Commit(async session =>
        {
            var keys = (await session.Key(Ana), await session.Key(Ben), await session.Key(Room));
            await session.Rows<IOpenHoursWrites>().Save(new(keys.Item1, 1, """{"timeZone":"Europe/Paris","é":1}"""));
            await session.Rows<IOpenHoursWrites>().Save(new(keys.Item3, 7, "{}"));
            return keys;
        });
        await using var session = await Store.Read(Tenant, Stopped);
        var rows = session.Rows<IOpenHoursRows>();
        Assert.Equal([new(ana, 1, """{"timeZone":"Europe/Paris","é":1}""")], await rows.Find([ben, ana, 99]));
        Assert.Equal([ana, room], (await rows.Find([room, ana, ben])).Select(row => row.Calendar).Order());
        Assert.Empty(await rows.Find([ben]));
        Assert.Empty(await rows.Find([]));
        await using var other = await Store.Read("globex", Stopped);
        Assert.Empty(await other.Rows<IOpenHoursRows>().Find([ana, ben, room]));
    }

    [Fact]
    public async Task Open_hours_set_again_take_the_place_of_those_before()
    {
        var ana = await Commit(session => session.Key(Ana));
        await Commit(session => session.Rows<IOpenHoursWrites>().Save(new(ana, 1, """{"a":1}""")));
        await Commit(session => session.Rows<IOpenHoursWrites>().Save(new(ana, 2, """{"b":2}""")));
        await using var session = await Store.Read(Tenant, Stopped);
        Assert.Equal([new(ana, 2, """{"b":2}""")], await session.Rows<IOpenHoursRows>().Find([ana]));
    }

    [Fact]
    public async Task Open_hours_that_the_trail_did_not_set_are_found()
    {
        var ana = await Commit(session => session.Key(Ana));
        await Commit(session => session.Rows<IOpenHoursWrites>().Save(new(ana, 1, "{}")));
        Assert.Contains("calendar user:ana has open hours of version 1, but the trail set them 0 times", Assert.Single(await Broken()), StringComparison.Ordinal);
        await Commit(session => session.Rows<ITrailWrites>().Append(
            Command() with { Name = "set-open-hours", Data = """{"calendar":"user:ana"}"""u8.ToArray() }, [], [ana]));
        Assert.Empty(await Broken());
    }
}
