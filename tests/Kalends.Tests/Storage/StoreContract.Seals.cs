using Kalends.Audit;
using Kalends.Storage;
using Kalends.Tests.Audit;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Storage;

/// <summary>Seals of the trail.</summary>
public abstract partial class StoreContract
{
    [Fact]
    public async Task What_came_since_the_last_seal_is_sealed_once()
    {
        Assert.Equal(0, await Chain.Seal(Store, Tenant));
        await Commit(async session => await session.Create(Booking(1, await session.Key(Ana), From, To), Booking(2, await session.Key(Ana), From, To)));
        Assert.Equal(2, (await Chain.Of(Store, Tenant)).Unsealed);
        Assert.Equal(2, await Chain.Seal(Store, Tenant));
        Assert.Equal(0, await Chain.Seal(Store, Tenant));
        await Commit(session => session.Rows<ITrailWrites>().Append(Command(), [], []));
        Assert.Equal(1, await Chain.Seal(Store, Tenant));

        var chain = await Chain.Of(Store, Tenant);
        Assert.Empty(chain.Findings);
        Assert.Equal((2, 3, 0), (chain.Last!.Number, chain.Sealed, chain.Unsealed));
        Assert.Empty(await Broken());
    }

    [Fact]
    public async Task A_seal_covers_so_many_entries_and_the_next_goes_on()
    {
        await Commit(async session =>
        {
            var ana = await session.Key(Ana);
            return await session.Create([.. Enumerable.Range(1, 10).Select(number => Booking(number, ana, From, To))]);
        });
        Assert.Equal(10, await Chain.Seal(Store, Tenant, perSeal: 3));
        var chain = await Chain.Of(Store, Tenant);
        Assert.Empty(chain.Findings);
        Assert.Equal((4, 10, 0), (chain.Last!.Number, chain.Sealed, chain.Unsealed));
        await using var session = await Store.Read(Tenant, Stopped);
        Assert.Equal([3, 3, 3, 1], (await session.Rows<ISealRows>().Page(0, 10)).Select(seal => seal.Entries));
    }

    [Fact]
    public async Task Many_small_seals_are_followed_to_the_last()
    {
        await Commit(async session =>
        {
            var ana = await session.Key(Ana);
            return await session.Create([.. Enumerable.Range(1, 60).Select(number => Booking(number, ana, From, To))]);
        });
        Assert.Equal(60, await Chain.Seal(Store, Tenant, perSeal: 1));
        var chain = await Chain.Of(Store, Tenant);
        Assert.Empty(chain.Findings);
        Assert.Equal((60, 60, 0), (chain.Last!.Number, chain.Sealed, chain.Unsealed));
    }

    [Fact]
    public async Task The_same_facts_have_the_same_digest_and_each_member_counts()
    {
        await Commit(async session => await session.Create(Booking(1, await session.Key(Ana), From, To)));
        await using var session = await Store.Read(Tenant, Stopped);
        var entry = Assert.Single(await session.Rows<ISealRows>().Entries(0, long.MaxValue, new HashSet<long>(), 10));
        Assert.Equal(Ana.Value, entry.Person);
        Assert.Equal(System.Security.Cryptography.SHA256.HashData(Booking(1, 1, From, To).Appointment.Json), entry.After);
        Assert.Null(entry.Before);
        EntryFacts[] others =
        [
            entry with { Seq = 9 }, entry with { At = 9 }, entry with { Command = Id(9) }, entry with { Person = "user:eve" }, entry with { App = "x" },
            entry with { Name = "x" }, entry with { RequestId = null }, entry with { Data = null }, entry with { Appointment = Id(9) },
            entry with { Series = Id(9) }, entry with { Kind = "deleted" }, entry with { Version = 9 }, entry with { Versions = [(1, 9)] },
            entry with { Before = entry.After, After = null }, entry with { After = null }, entry with { App = entry.App + "x", Name = entry.Name![1..] },
        ];
        Assert.Equal(others.Length + 1, others.Append(entry with { }).Select(one => Convert.ToHexString(one.Digest())).Distinct().Count());
    }

    [Fact]
    public async Task Tenants_have_chains_of_their_own()
    {
        await Commit(async session => await session.Create(Booking(1, await session.Key(Ana), From, To)));
        await Commit(async session => await session.Create(Booking(1, await session.Key(Ana), From, To)), "globex");
        Assert.Equal(1, await Chain.Seal(Store, Tenant));
        Assert.Equal((0, 1), ((await Chain.Of(Store, Tenant)).Unsealed, (await Chain.Of(Store, "globex")).Unsealed));
        Assert.Equal(1, await Chain.Seal(Store, "globex"));
        Assert.Equal(1, (await Chain.Of(Store, "globex")).Last!.Number);
        Assert.Empty((await Chain.Of(Store, Tenant)).Findings);
    }

    [Fact]
    public async Task Those_who_seal_at_once_beside_writers_make_one_chain()
    {
        var ana = await Commit(session => session.Key(Ana));
        var writing = Enumerable.Range(1, 40).Select(number => Task.Run(() => Commit(session => session.Create(Booking(number, ana, From, To)))));
        var sealing = Enumerable.Range(1, 20).Select(_ => Task.Run(async () => await Chain.Seal(Store, Tenant, perSeal: 3)));
        await Task.WhenAll(writing.Concat<Task>(sealing));
        await Chain.Seal(Store, Tenant);
        var chain = await Chain.Of(Store, Tenant);
        Assert.Empty(chain.Findings);
        Assert.Equal((40, 0), (chain.Sealed, chain.Unsealed));
    }
}
