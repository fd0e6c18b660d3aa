using NodaTime;

namespace Kalends.Recurrence;

/// <summary>
/// Days as whole numbers since 1970-01-01 and wall times as whole seconds since its midnight, proleptic Gregorian, years 1 to 9999:
/// what the engine counts in, so that nothing is made for a date but a number. Weekdays are 0 for Monday to 6 for Sunday.
/// </summary>
internal static class CivilDays
{
    public const int FirstYear = 1;
    public const int LastYear = 9999;
    public const long SecondsPerDay = 86_400;

    /// <summary>The first second of the year 1, and the first that is after the year 9999.</summary>
    public static readonly long FirstSecond = YearStart(FirstYear) * SecondsPerDay;

    public static readonly long EndSecond = YearStart(LastYear + 1) * SecondsPerDay;

    /// <summary>Days before 1970-01-01 since 0000-01-01.</summary>
    private const int DaysBefore1970 = 719_528;

    private static readonly short[] MonthStarts = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];

    public static bool IsLeap(int year) => year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    public static int YearLength(int year) => IsLeap(year) ? 366 : 365;

    /// <summary>The day number of January 1.</summary>
    public static int YearStart(int year)
    {
        var before = year - 1;
        return (365 * year) + (before / 4) - (before / 100) + (before / 400) + 1 - DaysBefore1970;
    }

    /// <summary>Days of the year before this month (1 to 12; 13 for the whole year).</summary>
    public static int MonthStart(int month, bool leap) => MonthStarts[month - 1] + (leap && month > 2 ? 1 : 0);

    public static int MonthLength(int month, bool leap) => MonthStart(month + 1, leap) - MonthStart(month, leap);

    /// <summary>The year a day lies in: guessed from the mean year, then mended by at most one.</summary>
    public static int YearOf(int day)
    {
        var year = (int)(((day + DaysBefore1970) * 400L) / 146_097);
        return day >= YearStart(year + 1) ? year + 1 : day < YearStart(year) ? year - 1 : year;
    }

    public static int MonthOf(int dayOfYear, bool leap)
    {
        var month = Math.Min(((dayOfYear - 1) / 29) + 1, 12);
        while (MonthStart(month, leap) >= dayOfYear)
        {
            month--;
        }

        return month;
    }

    /// <summary>1970-01-01 was a Thursday.</summary>
    public static int Weekday(int day) => Mod(day + 3, 7);

    public static int DayOf(long second) => (int)FloorDiv(second, SecondsPerDay);

    public static long Seconds(LocalDateTime time) =>
        (Period.DaysBetween(UnixEpoch, time.Date) * SecondsPerDay) + (time.TimeOfDay.TickOfDay / NodaConstants.TicksPerSecond);

    public static LocalDateTime Time(long seconds) =>
        UnixEpoch.PlusDays(DayOf(seconds)).At(LocalTime.FromSecondsSinceMidnight((int)(seconds - (DayOf(seconds) * SecondsPerDay))));

    public static int Mod(int number, int by) => number % by is var rest && rest < 0 ? rest + by : rest;

    public static long FloorDiv(long number, long by) => (number / by) - (number % by < 0 ? 1 : 0);

    private static readonly LocalDate UnixEpoch = new(1970, 1, 1);
}
