using Kalends.Availability;

namespace Kalends.Tests.Availability;

/// <summary>Packed fortnights say what the attendances said that were packed.</summary>
public sealed class BusyFortnightTests
{
    private const long Day = 86_400;

    [Fact]
    public void Fortnights_begin_on_Mondays_and_leave_no_gap_before_1970_either()
    {
        foreach (var number in new[] { -2_000, -1, 0, 1, 1_500, 10_000 })
        {
            var start = NodaTime.Instant.FromUnixTimeSeconds(BusyFortnight.StartOf(number));
            Assert.Equal(NodaTime.IsoDayOfWeek.Monday, start.InUtc().DayOfWeek);
            Assert.Equal(number, BusyFortnight.NumberOf(BusyFortnight.StartOf(number)));
            Assert.Equal(number - 1, BusyFortnight.NumberOf(BusyFortnight.StartOf(number) - 1));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Whatever_span_is_asked_for_the_attendances_in_it_are_found(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 300; round++)
        {
            var first = random.Next(-40, 2_000);
            var last = first + random.Next(4);
            var (begin, end) = (BusyFortnight.StartOf(first), BusyFortnight.StartOf(last + 1));
            var times = Enumerable.Range(0, random.Next(60)).Select(_ => Time(random, begin, end)).Where(time => time.To > begin && time.From < end).ToList();
            var fortnights = BusyFortnight.Pack(first, last, times)!;
            var from = begin + random.NextInt64(end - begin);
            var to = from + 1 + random.NextInt64(end - from);
            var found = new List<BlockingTime>();
            foreach (var fortnight in fortnights.Where(one => one.Number >= BusyFortnight.NumberOf(from) && one.Number <= BusyFortnight.NumberOf(to - 1)))
            {
                fortnight.Scan(7, (from, to), fortnight.Number == BusyFortnight.NumberOf(from), found.Add);
            }

            var meant = times.Where(time => time.From < to && time.To > from).OrderBy(time => time.From).ThenBy(time => time.To).ToList();
            Assert.Equal(meant.Select(time => (time.From, time.To)), found.Select(time => (time.From, time.To)));
            Assert.Equal(meant.Select(Shown).Order(), found.Select(Shown).Order());
        }
    }

    /// <summary>Full days of quarters of an hour, so that a late span lies far behind the first; in some a long one that reaches into it.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void However_late_a_span_is_what_overlaps_it_is_found_and_nothing_else(int seed)
    {
        var random = new Random(seed);
        var start = BusyFortnight.StartOf(1_450);
        for (var round = 0; round < 300; round++)
        {
            var times = Enumerable.Range(0, 400).Select(_ => Short(random.NextInt64(14 * 96), random.Next(1, 4))).ToList();
            times.AddRange(Enumerable.Range(0, random.Next(3)).Select(_ => Short(random.NextInt64(-96, 14 * 96), random.Next(50, 700))));
            var fortnight = BusyFortnight.Pack(1_450, 1_450, times)![0];
            var from = start + random.NextInt64(13 * Day);
            var to = from + random.NextInt64(1, Day);
            var found = new List<BlockingTime>();
            fortnight.Scan(1, (from, to), isFirst: true, found.Add);
            var meant = times.Where(time => time.From < to && time.To > from).Select(time => (time.From, time.To)).Order().ToList();
            Assert.Equal(meant, found.Select(time => (time.From, time.To)));
            Assert.Equal(meant, fortnight.Overlapping(from, to, isFirst: true).Select(index => (fortnight.From(index), fortnight.To(index))));
        }

        BlockingTime Short(long quarter, int quarters) =>
            new(1, start + (quarter * 900), start + ((quarter + quarters) * 900), Busyness.Busy, Privacy.Public, 1);
    }

    [Theory]
    [InlineData(10L * 366 * Day, 1)]
    [InlineData(Day, 1L << 31)]
    public void What_is_too_long_or_too_far_to_be_packed_is_not_packed_wrong(long length, long owner) =>
        Assert.Null(BusyFortnight.Pack(1_000, 1_000, [new(1, BusyFortnight.StartOf(1_000), BusyFortnight.StartOf(1_000) + length, Busyness.Busy, Privacy.Public, owner)]));

    [Fact]
    public void Five_years_pack_into_every_fortnight_of_theirs()
    {
        var time = new BlockingTime(1, 86_399, (1_830 * Day) + 1, Busyness.OutOfOffice, Privacy.Secret, int.MaxValue);
        var (first, last) = (BusyFortnight.NumberOf(time.From), BusyFortnight.NumberOf(time.To - 1));
        foreach (var fortnight in BusyFortnight.Pack(first, last, [time])!)
        {
            var found = new List<BlockingTime>();
            fortnight.Scan(1, (BusyFortnight.StartOf(fortnight.Number), BusyFortnight.StartOf(fortnight.Number + 1)), isFirst: true, found.Add);
            Assert.Equal([time], found);
        }
    }

    /// <summary>Minutes from the start of the fortnight, and lasting seconds; the widest that four bytes hold, and one beyond each.</summary>
    [Theory]
    [InlineData(0, 8_191 * 60, 4)]
    [InlineData((14 * 24 * 60) - 1, 60, 4)]
    [InlineData(20_159, 8_191 * 60, 4)]
    [InlineData(600, 0x1FFF * 60, 4)]
    [InlineData(600, 8_192 * 60, 8)]
    [InlineData(600, 61, 8)]
    [InlineData(-1, 1_800, 8)]
    public void Whole_minutes_of_a_few_days_take_four_bytes_and_all_else_eight(int minute, long length, int bytes)
    {
        var start = BusyFortnight.StartOf(1_450);
        foreach (var busyness in new[] { Busyness.Tentative, Busyness.Busy, Busyness.OutOfOffice })
        {
            foreach (var privacy in new[] { Privacy.Public, Privacy.Private })
            {
                var time = new BlockingTime(7, start + (minute * 60L), start + (minute * 60L) + length, busyness, privacy, 3);
                var other = new BlockingTime(7, start + 3_600, start + 5_400, Busyness.Busy, Privacy.Public, 3);
                var fortnight = BusyFortnight.Pack(1_450, 1_450, [time, other])![0];
                var found = new List<BlockingTime>();
                fortnight.Scan(7, (start, BusyFortnight.StartOf(1_451)), isFirst: true, found.Add);
                Assert.Equal(
                    new[] { time, other }.OrderBy(one => one.From).ThenBy(one => one.To).Select(Shown), found.Select(Shown));
                Assert.Equal(
                    new[] { time, other }.OrderBy(one => one.From).ThenBy(one => one.To).Select(one => (one.From, one.To)),
                    Enumerable.Range(0, 2).Select(index => (fortnight.From(index), fortnight.To(index))));
                Assert.Equal(2 * bytes, fortnight.Bytes - BusyFortnight.Pack(1_450, 1_450, [])![0].Bytes);
            }
        }
    }

    private static string Shown(BlockingTime time) => $"{time.Calendar} {time.From} {time.To} {time.Busyness} {time.Privacy} {(time.Privacy == Privacy.Secret ? time.Owner : 0)}";

    private static BlockingTime Time(Random random, long begin, long end)
    {
        var from = begin - (20 * Day) + (random.NextInt64((end - begin + (20 * Day)) / 1_800) * 1_800);
        var length = random.Next(6) == 0 ? random.NextInt64(40 * Day) + 1 : (1 + random.Next(4)) * 1_800;
        return new(7, from, from + length, (Busyness)(1 + random.Next(3)), (Privacy)random.Next(3), random.Next(5));
    }
}
