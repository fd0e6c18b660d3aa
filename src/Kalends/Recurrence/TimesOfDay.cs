namespace Kalends.Recurrence;

/// <summary>
/// The times that BYHOUR, BYMINUTE and BYSECOND make within one period: of a day for DAILY and longer, of an hour, a minute or a second
/// for the finer frequencies. Second 60 is 59 (RFC 5545 §3.3.12: where there are no leap seconds). Not a list of up to 86,400 times: the
/// hours, minutes and seconds, and arithmetic.
/// </summary>
internal sealed class TimesOfDay
{
    /// <summary>A table for what people write; beyond it, division.</summary>
    private const int LongestTable = 1_440;

    private readonly int[] hours;
    private readonly int[] minutes;
    private readonly int[] seconds;
    private readonly int[]? table;

    public TimesOfDay(RulePlan plan, int startOfDay)
    {
        var rule = plan.HasTime ? plan.Rule : new() { Frequency = plan.Frequency };
        hours = Expand(rule.ByHour, startOfDay / 3600, plan.Frequency > Frequency.Hourly);
        minutes = Expand(rule.ByMinute, startOfDay / 60 % 60, plan.Frequency > Frequency.Minutely);
        seconds = Expand(Capped(rule.BySecond), startOfDay % 60, plan.Frequency > Frequency.Secondly);
        Count = hours.Length * minutes.Length * seconds.Length;
        Single = At(0, hours, minutes, seconds);
        table = Count is 1 or > LongestTable ? null : [.. Enumerable.Range(0, Count).Select(index => At(index, hours, minutes, seconds))];
    }

    public int Count { get; }

    private int Single { get; }

    /// <summary>Seconds from the beginning of the period to the index-th time in it.</summary>
    public int this[int index] => Count == 1 ? Single : table is not null ? table[index] : At(index, hours, minutes, seconds);

    /// <summary>How many of the times come before this one.</summary>
    public int Before(int time)
    {
        var (low, high) = (0, Count);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            (low, high) = this[middle] < time ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    public static NumberList Capped(NumberList seconds) => new(seconds.Select(second => Math.Min(second, 59)).ToArray());

    private static int At(int index, int[] hours, int[] minutes, int[] seconds)
    {
        var (whole, second) = Math.DivRem(index, seconds.Length);
        var (hour, minute) = Math.DivRem(whole, minutes.Length);
        return (hours[hour] * 3600) + (minutes[minute] * 60) + seconds[second];
    }

    /// <summary>A part finer than the period expands it; a missing one is what the start has. A coarser one limits, elsewhere.</summary>
    private static int[] Expand(NumberList part, int ofStart, bool expands) =>
        !expands ? [0] : part.IsEmpty ? [ofStart] : part.Span.ToArray();
}
