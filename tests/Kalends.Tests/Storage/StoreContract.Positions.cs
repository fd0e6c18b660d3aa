using Kalends.Storage;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Storage;

/// <summary>Positions: what a commit answers, and which sessions see that much.</summary>
public abstract partial class StoreContract
{
    [Fact]
    public async Task Who_reads_after_a_commit_sees_its_position_covered_and_nobody_a_later_one()
    {
        for (var number = 1; number <= 3; number++)
        {
            Position committed;
            await using (var session = await Store.Write(Tenant, Stopped))
            {
                await session.Create(Booking(number, await session.Key(Ana), From, To));
                committed = await session.Commit(Stopped);
            }

            await using var reading = await Store.ReadAnywhere(Tenant, committed, Stopped);
            Assert.True(await reading.Covers(committed));
            var reached = await reading.Reached();
            Assert.True(committed.IsWithin(reached));
            Assert.True(await reading.Covers(reached));
            Assert.False(await reading.Covers(reached with { Number = reached.Number + (1UL << 40) }));
            Assert.False(await reading.Covers(reached with { Kind = 'x' }));
            Assert.False(reading.IsOfReplica);
        }
    }

    [Fact]
    public async Task Positions_rise_and_one_that_changed_nothing_has_the_same_or_a_later_one()
    {
        var last = default(Position?);
        for (var number = 1; number <= 3; number++)
        {
            await using (var session = await Store.Write(Tenant, Stopped))
            {
                var committed = await session.Commit(Command(), [], [], Stopped);
                Assert.True(last is null || (last.Value.IsWithin(committed) && last != committed));
                last = committed;
            }

            await using var empty = await Store.Write(Tenant, Stopped);
            Assert.True(last.Value.IsWithin(await empty.Commit(Stopped)));
        }
    }

    [Fact]
    public async Task A_tenant_that_nobody_wrote_to_has_a_position_too()
    {
        await using var session = await Store.Read("nobody", Stopped);
        Assert.True(await session.Covers(await session.Reached()));
    }

    [Theory]
    [InlineData('a', 0UL, "a0")]
    [InlineData('p', 0x16_B374_D848UL, "p16B374D848")]
    [InlineData('s', ulong.MaxValue, "sFFFFFFFFFFFFFFFF")]
    public void A_position_is_a_word_that_reads_back(char kind, ulong number, string text)
    {
        Assert.Equal(text, new Position(kind, number).ToString());
        Assert.True(Position.TryParse(text, out var read));
        Assert.Equal(new(kind, number), read);
    }
}
