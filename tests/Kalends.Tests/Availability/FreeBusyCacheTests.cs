using Kalends.Availability;

namespace Kalends.Tests.Availability;

/// <summary>What is kept, what goes, and that no version is ever taken for another.</summary>
public sealed class FreeBusyCacheTests
{
    private const long Minute = 60;
    private const int First = 1_480;

    private readonly FreeBusyCache cache = new(mostBytes: 40_000);

    [Fact]
    public void Only_the_very_version_is_found()
    {
        cache.Keep(Key(1), Busy(version: 5, rows: 3));
        Assert.Equal(3, Rows(Find(1, 5)!));
        Assert.Null(Find(1, 4));
        Assert.Null(Find(1, 6));
        Assert.Null(Find(2, 5));
        Assert.Null(cache.Find(new(2, 1), new(1, 5), First, First));
        Assert.Null(cache.Find(Key(1), new(2, 5), First, First));
    }

    [Fact]
    public void Who_is_behind_disturbs_nothing_and_who_is_ahead_replaces()
    {
        cache.Keep(Key(1), Busy(version: 5, rows: 3));
        cache.Keep(Key(1), Busy(version: 4, rows: 1));
        Assert.Equal(3, Rows(Find(1, 5)!));
        cache.Keep(Key(1), Busy(version: 6, rows: 2));
        Assert.Equal(2, Rows(Find(1, 6)!));
        Assert.Null(Find(1, 5));
        cache.Keep(Key(1), Busy(version: 2, rows: 4, lineage: 2));
        Assert.Equal(4, Rows(cache.Find(Key(1), new(2, 2), First, First)!));
        Assert.Null(Find(1, 6));
    }

    [Fact]
    public void Fortnights_of_one_version_are_joined_and_only_found_without_a_gap()
    {
        cache.Keep(Key(1), Busy(5, 1, first: First, last: First));
        cache.Keep(Key(1), Busy(5, 1, first: First + 2, last: First + 3));
        Assert.NotNull(cache.Find(Key(1), new(1, 5), First + 2, First + 3));
        Assert.Null(cache.Find(Key(1), new(1, 5), First, First + 2));
        cache.Keep(Key(1), Busy(5, 1, first: First, last: First + 1));
        Assert.Equal(Enumerable.Range(First, 4), cache.Find(Key(1), new(1, 5), First, First + 3)!.Fortnights.Select(fortnight => fortnight.Number));
        Assert.Null(cache.Find(Key(1), new(1, 5), First, First + 4));
    }

    [Fact]
    public void Names_go_before_what_they_name_and_whoever_reads_them_keeps_them()
    {
        for (var calendar = 1; calendar <= 40; calendar++)
        {
            cache.Keep(Key(calendar), Busy(version: 1, rows: 50));
        }

        List<CalendarBusy> read = [.. Enumerable.Range(1, 40).Select(calendar => Find(calendar, 1)!)];
        var before = cache.Bytes;
        for (var calendar = 1; calendar <= 40; calendar++)
        {
            var fortnight = read[calendar - 1].Fortnights[0];
            cache.Name(Key(calendar), [.. Enumerable.Range(0, 5).Select(index => (fortnight, index, Named(index)))]);
            Assert.InRange(cache.Bytes, before, before + (40_000 / 16));
        }

        Assert.All(read, busy => Assert.Equal("Block 4", busy.Fortnights[0].NameOf(4)?.Title));
        Assert.All(Enumerable.Range(1, 40), calendar => Assert.NotNull(Find(calendar, 1)));
        var known = Enumerable.Range(1, 40).Where(calendar => Find(calendar, 1)!.Fortnights[0].NameOf(4) is not null).ToList();
        Assert.InRange(known.Count, 2, 10);
        Assert.Contains(40, known);
        Assert.DoesNotContain(1, known);
        Assert.Equal(0, cache.Evictions);

        static NamedBlock Named(int index) => new(Guid.CreateVersion7(), $"Block {index}", 1, Busyness.Busy, Privacy.Public, false);
    }

    [Fact]
    public void It_never_holds_more_than_it_may_and_what_is_used_stays()
    {
        for (var calendar = 1; calendar <= 1_000; calendar++)
        {
            cache.Keep(Key(calendar), Busy(version: 1, rows: 50));
            Assert.NotNull(Find(calendar, 1));
            _ = Find(7, 1);
            Assert.InRange(cache.Bytes, 1, 40_000);
        }

        Assert.NotNull(Find(7, 1));
        Assert.Null(Find(500, 1));
        Assert.InRange(cache.Evictions, 900, 999);
    }

    [Fact]
    public void Names_count_and_one_calendar_does_not_put_out_all_others()
    {
        cache.Keep(Key(1), Busy(version: 1, rows: 50));
        var before = cache.Bytes;
        Name(1, "Budget");
        Assert.InRange(cache.Bytes - before, 1, 1_000);
        Name(1, new string('x', 12_000));
        Assert.Null(Find(1, 1));
        Assert.Equal(0, cache.Bytes);
        cache.Keep(Key(2), Busy(version: 1, rows: 5_000));
        Assert.Null(Find(2, 1));
        Assert.Equal((0, 2), (cache.Bytes, cache.Evictions));

        void Name(long calendar, string title)
        {
            var fortnight = Find(calendar, 1)!.Fortnights[0];
            var index = title.Length % 50;
            cache.Name(Key(calendar), [(fortnight, index, new NamedBlock(Guid.Empty, title, 1, Busyness.Busy, Privacy.Public, false))]);
            Assert.Equal(title, fortnight.NameOf(index)?.Title);
        }
    }

    [Fact]
    public void Names_are_told_as_they_were_given_in_whatever_order_they_came()
    {
        string?[] titles = [null, "", "Budget", "Übergabe 🗓", "\0", new string('å', 300)];
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var given = new Dictionary<int, NamedBlock>();
            var fortnight = Busy(version: 1, rows: 300).Fortnights[0];
            for (var batch = 0; batch < 5; batch++)
            {
                var more = Enumerable.Range(0, random.Next(1, 40)).Select(_ => random.Next(300)).Distinct().ToDictionary(index => index, _ => new NamedBlock(
                    Guid.NewGuid(), titles[random.Next(titles.Length)], random.Next(), (Busyness)random.Next(4), (Privacy)random.Next(3), random.Next(2) == 0));
                fortnight.Name([.. more.Select(one => (one.Key, one.Value))]);
                more.ToList().ForEach(one => given[one.Key] = one.Value);
                Assert.Equal(given.OrderBy(one => one.Key), Enumerable.Range(0, 300).Where(fortnight.HasName).ToDictionary(index => index, index => fortnight.NameOf(index)!.Value));
            }

            Assert.Null(fortnight.Nameless().NameOf(given.Keys.First()));
        }
    }

    [Fact]
    public async Task Many_may_use_it_at_once_and_nobody_gets_anothers()
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, 8), TestContext.Current.CancellationToken, (seed, _) =>
        {
            var random = new Random(seed);
            for (var round = 0; round < 3_000; round++)
            {
                var (calendar, version) = (1 + random.Next(60), 1 + random.Next(3));
                var rows = (calendar * 3) + version;
                if (Find(calendar, version) is { } found)
                {
                    Assert.Equal(rows, Rows(found));
                }
                else
                {
                    cache.Keep(Key(calendar), Busy(version, rows));
                }
            }

            return ValueTask.CompletedTask;
        });
        Assert.InRange(cache.Bytes, 1, 40_000);
    }

    private CalendarBusy? Find(long calendar, long version) => cache.Find(Key(calendar), new(1, version), First, First);

    private static CachedKey Key(long calendar) => new(1, calendar);

    private static CalendarBusy Busy(long version, int rows, int lineage = 1, int first = First, int last = First) => new(
        new(lineage, version), null, BusyFortnight.Pack(first, last, [.. Enumerable.Range(0, rows).Select(row => new BlockingTime(
            1, BusyFortnight.StartOf(first) + (row * Minute), BusyFortnight.StartOf(first) + ((row + 1) * Minute), Busyness.Busy, Privacy.Public, 1))])!);

    private static int Rows(CalendarBusy busy) => busy.Fortnights[0].Overlapping(long.MinValue, long.MaxValue, isFirst: true).Count();
}
