using NodaTime;
using NodaTime.Text;

namespace Kalends.Recurrence;

/// <summary>
/// The last moment of a rule, inclusive, as it is written: a date (that whole day, on the wall of the series), a local time (on that
/// wall) or an instant in UTC.
/// </summary>
public readonly record struct RuleUntil
{
    private static readonly LocalDatePattern DateText = LocalDatePattern.CreateWithInvariantCulture("uuuuMMdd");

    private static readonly LocalDateTimePattern TimeText = LocalDateTimePattern.CreateWithInvariantCulture("uuuuMMdd'T'HHmmss");

    private RuleUntil(LocalDateTime time, bool isDate, bool isUtc) => (Time, IsDate, IsUtc) = (time, isDate, isUtc);

    /// <summary>As written; the first moment of the day where only a date is.</summary>
    public LocalDateTime Time { get; }

    public bool IsDate { get; }

    public bool IsUtc { get; }

    public static RuleUntil OfDate(LocalDate date) => new(date.AtMidnight(), true, false);

    public static RuleUntil OfLocal(LocalDateTime time) => new(time, false, false);

    public static RuleUntil OfUtc(Instant instant) => new(instant.InUtc().LocalDateTime, false, true);

    public static bool TryParse(string text, out RuleUntil until)
    {
        if (DateText.Parse(text) is { Success: true } date)
        {
            until = OfDate(date.Value);
            return true;
        }

        var isUtc = text.EndsWith('Z');
        var time = TimeText.Parse(isUtc ? text[..^1] : text);
        until = time.Success ? new(time.Value, false, isUtc) : default;
        return time.Success;
    }

    public override string ToString() => IsDate ? DateText.Format(Time.Date) : TimeText.Format(Time) + (IsUtc ? "Z" : "");
}
