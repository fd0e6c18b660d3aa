using System.Globalization;

namespace Kalends.Time;

/// <summary>
/// An ISO 8601 duration of weeks, days, hours, minutes and seconds. Days are nominal: they move the date on the wall and keep the
/// time of day, so <c>P1D</c> over a change to summer time lasts 23 hours. Hours, minutes and seconds are exact (RFC 5545 §3.3.6,
/// RFC 8984 §1.4.6). Never negative; years, months and fractions of a second are refused.
/// </summary>
public readonly record struct NominalDuration(int Days, long Seconds)
{
    public const int SecondsPerDay = 86_400;

    /// <summary>Longer than any appointment may last; keeps the sums below far from overflow.</summary>
    private const long LongestSeconds = 20_000L * SecondsPerDay;

    public static readonly NominalDuration Zero;

    /// <summary>The length where a day is taken as 24 hours.</summary>
    public long ExactSeconds => (Days * (long)SecondsPerDay) + Seconds;

    public static NominalDuration OfSeconds(long seconds) => new(0, seconds);

    public static NominalDuration OfMinutes(long minutes) => new(0, minutes * 60);

    public static NominalDuration OfDays(int days) => new(days, 0);

    /// <summary>Reads <c>P2W</c>, <c>P1DT2H</c>, <c>PT45M</c>; answers false for anything else, also for what is negative or too long.</summary>
    public static bool TryParse(string text, out NominalDuration duration)
    {
        duration = default;
        if (text.Length is < 3 or > 40 || text[0] != 'P')
        {
            return false;
        }

        long days = 0, seconds = 0, number = -1;
        var inTime = false;
        var order = 0;
        foreach (var character in text.AsSpan(1))
        {
            if (char.IsAsciiDigit(character))
            {
                number = (Math.Max(number, 0) * 10) + (character - '0');
                if (number > LongestSeconds)
                {
                    return false;
                }
            }
            else if (character == 'T' && !inTime && number < 0)
            {
                inTime = true;
            }
            else
            {
                // Designators come in this order, each at most once; a designator needs its number.
                var place = inTime ? "HMS".IndexOf(character) + 3 : "WD".IndexOf(character) + 1;
                if (number < 0 || place <= order || place == (inTime ? 2 : 0))
                {
                    return false;
                }

                order = place;
                _ = place switch
                {
                    1 => days += number * 7,
                    2 => days += number,
                    3 => seconds += number * 3600,
                    4 => seconds += number * 60,
                    _ => seconds += number,
                };
                number = -1;
            }
        }

        if (number >= 0 || order == 0 || (inTime && order < 3) || days > 20_000 || seconds > LongestSeconds)
        {
            return false;
        }

        duration = new((int)days, seconds);
        return true;
    }

    public override string ToString()
    {
        if (Days == 0 && Seconds == 0)
        {
            return "PT0S";
        }

        var date = Days > 0 ? string.Create(CultureInfo.InvariantCulture, $"{Days}D") : "";
        var (hours, minutes, seconds) = (Seconds / 3600, Seconds / 60 % 60, Seconds % 60);
        var time = (hours > 0 ? $"{hours}H" : "") + (minutes > 0 ? $"{minutes}M" : "") + (seconds > 0 ? $"{seconds}S" : "");
        return "P" + date + (time.Length > 0 ? "T" + time : "");
    }
}
