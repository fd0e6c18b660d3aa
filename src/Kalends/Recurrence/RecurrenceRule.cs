using System.Diagnostics.CodeAnalysis;
using NodaTime;

namespace Kalends.Recurrence;

/// <summary>
/// One RRULE (RFC 5545 §3.3.10, with SKIP of RFC 7529), as written: what a rule leaves open and its start decides is not filled in
/// here. Immutable; equal to another rule that says the same.
/// </summary>
public sealed record RecurrenceRule
{
    public required Frequency Frequency { get; init; }

    /// <summary>Every how many of the frequency's periods; at least 1.</summary>
    public int Interval { get; init; } = 1;

    /// <summary>How many occurrences in all; null without end.</summary>
    public int? Count { get; init; }

    public RuleUntil? Until { get; init; }

    /// <summary>0 to 60; 60 is the leap second and counts as 59, where clocks have none.</summary>
    public NumberList BySecond { get; init; }

    public NumberList ByMinute { get; init; }

    public NumberList ByHour { get; init; }

    public DayList ByDay { get; init; }

    /// <summary>1 to 31, or -1 to -31 from the end of the month.</summary>
    public NumberList ByMonthDay { get; init; }

    /// <summary>1 to 366, or -1 to -366 from the end of the year.</summary>
    public NumberList ByYearDay { get; init; }

    /// <summary>1 to 53, or -1 to -53 from the end of the year; weeks of ISO 8601 but for where they start.</summary>
    public NumberList ByWeekNo { get; init; }

    public NumberList ByMonth { get; init; }

    /// <summary>Which of a period's occurrences, 1 to 366 or -1 to -366 from its end.</summary>
    public NumberList BySetPos { get; init; }

    public IsoDayOfWeek WeekStart { get; init; } = IsoDayOfWeek.Monday;

    public SkipPolicy Skip { get; init; }

    public static bool TryParse(
        string text, RuleReading reading, [NotNullWhen(true)] out RecurrenceRule? rule, [NotNullWhen(false)] out RuleFault? fault) =>
        RuleParser.TryParse(text, reading, out rule, out fault);

    /// <summary>The rule as RRULE text; parsing it gives an equal rule.</summary>
    public override string ToString() => RuleWriter.Write(this);
}
