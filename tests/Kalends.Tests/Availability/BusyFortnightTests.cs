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

    private static string Shown(BlockingTime time) => $"{time.Calendar} {time.From} {time.To} {time.Busyness} {time.Privacy} {(time.Privacy == Privacy.Secret ? time.Owner : 0)}";

    private static BlockingTime Time(Random random, long begin, long end)
    {
        var from = begin - (20 * Day) + (random.NextInt64((end - begin + (20 * Day)) / 1_800) * 1_800);
        var length = random.Next(6) == 0 ? random.NextInt64(40 * Day) + 1 : (1 + random.Next(4)) * 1_800;
        return new(7, from, from + length, (Busyness)(1 + random.Next(3)), (Privacy)random.Next(3), random.Next(5));
    }
}
