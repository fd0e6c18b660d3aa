using System.Diagnostics.CodeAnalysis;
using NodaTime;

namespace Kalends.Recurrence;

/// <summary>
/// RRULE text to a rule. Parts may come in any order and in either case; each at most once. The first fault is told, with the part it is in.
/// </summary>
internal sealed class RuleParser
{
    /// <summary>Longer than any rule that says something: every value of every part takes some 7,000 characters.</summary>
    public const int LongestText = 8_192;

    private readonly HashSet<string> seen = new(StringComparer.Ordinal);

    private RecurrenceRule rule = new() { Frequency = Frequency.Daily };

    private RuleFault? fault;

    public static bool TryParse(
        string text, RuleReading reading, [NotNullWhen(true)] out RecurrenceRule? rule, [NotNullWhen(false)] out RuleFault? fault)
    {
        var parser = new RuleParser();
        parser.ReadAll(text, reading);
        fault = parser.fault ?? (reading == RuleReading.Strict ? ForbiddenParts.Find(parser.rule) : null);
        rule = fault is null ? parser.rule : null;
        return fault is null;
    }

    private void ReadAll(string text, RuleReading reading)
    {
        if (text.Length > LongestText)
        {
            fault = new("RRULE", $"is longer than {LongestText} characters");
            return;
        }

        foreach (var part in text.Split(';'))
        {
            if (part.Length > 0 || reading == RuleReading.Strict)
            {
                ReadPart(part.ToUpperInvariant());
            }

            if (fault is not null)
            {
                return;
            }
        }

        if (!seen.Contains("FREQ"))
        {
            fault = new("FREQ", "is missing");
        }
    }

    private void ReadPart(string part)
    {
        var equals = part.IndexOf('=', StringComparison.Ordinal);
        var (name, value) = equals < 0 ? (part, "") : (part[..equals], part[(equals + 1)..]);
        if (equals <= 0)
        {
            fault = new(name.Length is > 0 and < 20 ? name : "RRULE", "has a part that is not NAME=VALUE");
        }
        else if (value.Length == 0)
        {
            fault = new(name, "has no value");
        }
        else if (!seen.Add(name))
        {
            fault = new(name, "is given twice");
        }
        else
        {
            ReadValue(name, value);
        }
    }

    private void ReadValue(string name, string value) => rule = name switch
    {
        "FREQ" => rule with { Frequency = Word<Frequency>(name, value) },
        "INTERVAL" => rule with { Interval = Positive(name, value) },
        "COUNT" => rule with { Count = Positive(name, value) },
        "UNTIL" => rule with { Until = Until(name, value) },
        "BYSECOND" => rule with { BySecond = Numbers(name, value, 0, 60) },
        "BYMINUTE" => rule with { ByMinute = Numbers(name, value, 0, 59) },
        "BYHOUR" => rule with { ByHour = Numbers(name, value, 0, 23) },
        "BYDAY" => rule with { ByDay = new(value.Split(',').Select(item => Day(name, item)).ToArray()) },
        "BYMONTHDAY" => rule with { ByMonthDay = FromBothEnds(name, value, 31) },
        "BYYEARDAY" => rule with { ByYearDay = FromBothEnds(name, value, 366) },
        "BYWEEKNO" => rule with { ByWeekNo = FromBothEnds(name, value, 53) },
        "BYMONTH" => rule with { ByMonth = Numbers(name, value, 1, 12) },
        "BYSETPOS" => rule with { BySetPos = FromBothEnds(name, value, 366) },
        "WKST" => rule with { WeekStart = WeekStart(name, value) },
        "SKIP" => rule with { Skip = Word<SkipPolicy>(name, value) },
        "RSCALE" => Scale(name, value),
        _ => Fail(name.Length > 20 ? "RRULE" : name, "is not a part of a recurrence rule", rule),
    };

    private RecurrenceRule Scale(string name, string value) => value == "GREGORIAN"
        ? rule
        : Fail(name, $"{Quoted(value)} is not supported: only GREGORIAN is", rule);

    private T Word<T>(string name, string value)
        where T : struct, Enum
    {
        var found = Enum.GetValues<T>().Where(word => RuleWriter.Name(word) == value).ToArray();
        return found.Length == 1
            ? found[0]
            : Fail(name, $"{Quoted(value)} is not one of {string.Join(", ", Enum.GetValues<T>().Select(RuleWriter.Name))}", default(T));
    }

    private int Positive(string name, string value) => Number(value) is { } number and > 0
        ? number
        : Fail(name, $"{Quoted(value)} is not a whole number from 1 to {int.MaxValue}", 1);

    private RuleUntil? Until(string name, string value) => RuleUntil.TryParse(value, out var until)
        ? until
        : Fail(name, $"{Quoted(value)} is neither a date (20261231), a local time (20261231T090000) nor a time in UTC (20261231T090000Z)", default(RuleUntil));

    private NumberList Numbers(string name, string value, int least, int most) => new(value.Split(',').Select(item =>
        Number(item) is { } number && number >= least && number <= most
            ? number
            : Fail(name, $"{Quoted(item)} is not a whole number from {least} to {most}", 0)).ToArray());

    private NumberList FromBothEnds(string name, string value, int most) => new(value.Split(',').Select(item =>
        Number(item) is { } number && number != 0 && number >= -most && number <= most
            ? number
            : Fail(name, $"{Quoted(item)} is not a whole number from 1 to {most} or -{most} to -1", 0)).ToArray());

    private NumberedDay Day(string name, string item)
    {
        var day = item.Length >= 2 ? Array.IndexOf(NumberedDay.Names, item[^2..]) : -1;
        if (day < 0)
        {
            return Fail(name, $"{Quoted(item)} does not end in a weekday (MO, TU, WE, TH, FR, SA, SU)", default(NumberedDay));
        }

        var number = item.Length == 2 ? 0 : Number(item[..^2]);
        return number is null || (item.Length > 2 && number is 0 or > 53 or < -53)
            ? Fail(name, $"{Quoted(item)}: the number must be from 1 to 53 or -53 to -1", default(NumberedDay))
            : new(number.Value, (IsoDayOfWeek)(day + 1));
    }

    private IsoDayOfWeek WeekStart(string name, string value) => Array.IndexOf(NumberedDay.Names, value) is var day and >= 0
        ? (IsoDayOfWeek)(day + 1)
        : Fail(name, $"{Quoted(value)} is not a weekday (MO, TU, WE, TH, FR, SA, SU)", IsoDayOfWeek.Monday);

    /// <summary>Digits with an optional sign and nothing else; what does not fit an int is no number.</summary>
    private static int? Number(string text)
    {
        var digits = text.AsSpan(text.StartsWith('-') || text.StartsWith('+') ? 1 : 0);
        if (digits.Length is 0 or > 10 || digits.ContainsAnyExceptInRange('0', '9'))
        {
            return null;
        }

        long number = 0;
        foreach (var digit in digits)
        {
            number = (number * 10) + (digit - '0');
        }

        return number > int.MaxValue ? null : text[0] == '-' ? -(int)number : (int)number;
    }

    /// <summary>What somebody wrote, short enough for a message and without control characters.</summary>
    private static string Quoted(string text) =>
        $"'{new string([.. text.Take(24).Select(character => char.IsControl(character) ? '?' : character)])}'";

    private T Fail<T>(string part, string detail, T instead)
    {
        fault ??= new(part, detail);
        return instead;
    }
}
