using Kalends.Permissions;
using Kalends.Storage;

namespace Kalends.Tests.Storage;

/// <summary>Relation tuples.</summary>
public abstract partial class StoreContract
{
    [Fact]
    public async Task Relations_are_held_by_themselves_and_through_groups_and_by_nobody_of_another_tenant()
    {
        await Relate("group:b#member@group:a#member", "group:a#member@user:ana", "calendar:c#viewer@group:b#member", "calendar:d#owner@user:ana");
        await using var session = await Store.Read(Tenant, Stopped);
        var rows = session.Rows<IRelationRows>();
        Assert.Equal(
            ["calendar:c#viewer", "calendar:d#owner", "group:a#member", "group:b#member"], Told(await rows.HeldBy(["user:ana"], null, 10)));
        Assert.Equal(["calendar:c#viewer"], Told(await rows.HeldBy(["user:ana"], ["calendar:c", "calendar:e"], 10)));
        Assert.Equal(["calendar:c#viewer"], Told(await rows.HeldBy(["group:b#member"], ["calendar:c", "calendar:d"], 10)));
        Assert.Equal(2, (await rows.HeldBy(["user:ana"], null, 2)).Count);
        Assert.Empty(await rows.HeldBy(["user:ben"], null, 10));
        await using var other = await Store.Read("globex", Stopped);
        Assert.Empty(await other.Rows<IRelationRows>().HeldBy(["user:ana"], null, 10));
        Assert.Equal(default, await other.Rows<IRelationRows>().State());
    }

    [Fact]
    public async Task Cycles_of_groups_end()
    {
        await Relate("group:a#member@group:b#member", "group:b#member@group:a#member", "group:a#member@group:a#member", "group:b#member@user:ana");
        await using var session = await Store.Read(Tenant, Stopped);
        Assert.Equal(["group:a#member", "group:b#member"], Told(await session.Rows<IRelationRows>().HeldBy(["user:ana"], null, 10)));
    }

    [Fact]
    public async Task Tuples_are_read_in_order_by_object_and_by_subject()
    {
        await Relate("calendar:c#viewer@user:ben", "calendar:c#viewer@user:ana", "calendar:c#owner@user:ben", "calendar:d#owner@user:ben");
        await using var session = await Store.Read(Tenant, Stopped);
        var rows = session.Rows<IRelationRows>();
        Assert.Equal(
            ["calendar:c#owner@user:ben", "calendar:c#viewer@user:ana", "calendar:c#viewer@user:ben"],
            (await rows.Of(["calendar:c", "calendar:none", "calendar:c"], 10)).Select(tuple => tuple.ToString()));
        Assert.Equal(
            ["calendar:c#owner@user:ben", "calendar:c#viewer@user:ben", "calendar:d#owner@user:ben"],
            (await rows.Naming(["user:ben"], 10)).Select(tuple => tuple.ToString()));
        Assert.Single(await rows.Of(["calendar:c"], 1));
        Assert.Single(await rows.Naming(["user:ben"], 1));
        Assert.Empty(await rows.Of([], 1));
    }

    [Fact]
    public async Task Only_what_changes_is_counted_and_each_change_raises_the_version()
    {
        Assert.Equal(2, await Relate("calendar:c#viewer@user:ana", "calendar:c#viewer@user:ben"));
        Assert.Equal(1, await Relate("calendar:c#viewer@user:ana", "calendar:c#viewer@user:\u00e9"));
        var removed = await Commit(async session =>
        {
            var rows = session.Rows<IRelationWrites>();
            Assert.Equal(new RelationsState(2, false), await rows.Lock());
            var count = await rows.Remove([Tuple("calendar:c#viewer@user:ana"), Tuple("calendar:c#viewer@user:zoe")]);
            await rows.Raise(isDefaultStated: true);
            return count;
        });
        Assert.Equal(1, removed);
        await using var session = await Store.Read(Tenant, Stopped);
        Assert.Equal(new RelationsState(3, true), await session.Rows<IRelationRows>().State());
        Assert.Equal(2, (await session.Rows<IRelationRows>().Of(["calendar:c"], 10)).Count);
    }

    private Task<int> Relate(params string[] tuples) => Commit(async session =>
    {
        var rows = session.Rows<IRelationWrites>();
        await rows.Lock();
        var added = await rows.Add([.. tuples.Select(Tuple)]);
        await rows.Raise(isDefaultStated: false);
        return added;
    });

    private static IEnumerable<string> Told(IEnumerable<HeldRelation> held) => held.Select(one => $"{one.Object}#{one.Relation}").Order(StringComparer.Ordinal);

    private static RelationTuple Tuple(string text)
    {
        var (named, subject) = (text.Split('@')[0], text.Split('@')[1]);
        return new() { Object = named.Split('#')[0], Relation = named.Split('#')[1], Subject = subject };
    }
}
