using System.CommandLine;
using Kalends.Recurrence;
using Kalends.Time;
using NodaTime;
using NodaTime.Text;

namespace Kalends.Server.CommandLine.Verbs;

/// <summary>
/// Says when a rule occurs, on the wall and in UTC, and what it means in words; or answers cases of a test suite from standard input. Reads
/// the rule as the API does: what RFC 5545 forbids is refused. A start that does not fit is told, and left out.
/// </summary>
internal static class ExpandVerb
{
    private const int UsualLimit = 100;

    private static readonly LocalDateTimePattern[] WallTexts =
    [
        LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm:ss"), LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm"),
        LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd"),
    ];

    public static Command Create(Surroundings surroundings)
    {
        var rule = new Argument<string?>("RULE") { Description = "The rule, such as FREQ=WEEKLY;BYDAY=MO.", Arity = ArgumentArity.ZeroOrOne };
        var start = Wall("--start", "The first occurrence on the wall, such as 2026-01-05T09:00; a bare date for whole days.");
        var zone = ZoneOption();
        var from = Wall("--from", "Nothing before this wall time.");
        var to = Wall("--to", "Nothing at this wall time or after it.");
        var limit = new Option<int>("--limit") { Description = "At most this many.", DefaultValueFactory = _ => UsualLimit, HelpName = "N" };
        var stdin = new Option<bool>("--stdin") { Description = "Answers cases from standard input, one line of JSON each." };
        var verb = new ExplainedCommand("expand", "Shows when a recurrence rule occurs, and what it says in words")
        {
            Example = "kalends expand 'FREQ=MONTHLY;BYDAY=-1FR' --start 2026-01-30T16:00 --zone Europe/Paris --limit 12\n"
                + "echo '{\"id\":1,\"dtstart\":\"2026-01-05\",\"rrule\":\"FREQ=DAILY;COUNT=3\"}' | kalends expand --stdin",
        };
        verb.Add(rule);
        foreach (var option in new Option[] { start, zone, from, to, limit, stdin })
        {
            verb.Add(option);
        }

        verb.Validators.Add(result =>
        {
            if (!result.GetValue(stdin) && (result.GetValue(rule) is null || result.GetValue(start) is null))
            {
                result.AddError("expand needs a RULE and --start, or --stdin");
            }
        });
        verb.SetAction((parsed, stopped) => parsed.GetValue(stdin)
            ? AnswerCases(surroundings, stopped)
            : Task.FromResult(Show(surroundings, new(
                parsed.GetValue(rule)!, parsed.GetValue(start)!, parsed.GetValue(zone)!, parsed.GetValue(from), parsed.GetValue(to), parsed.GetValue(limit)))));
        return verb;
    }

    private static Option<string> ZoneOption() =>
        new("--zone") { Description = "The zone of the wall.", DefaultValueFactory = _ => "UTC", HelpName = "ZONE" };

    private static Option<string?> Wall(string name, string description)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = "TIME" };
        option.Validators.Add(result =>
        {
            if (Read(result.GetValueOrDefault<string>()) is null)
            {
                result.AddError($"{name} must be a wall time such as 2026-01-05T09:00, or a date");
            }
        });
        return option;
    }

    private static LocalDateTime? Read(string? text) =>
        WallTexts.Select(pattern => pattern.Parse(text ?? "")).FirstOrDefault(parsed => parsed.Success && parsed.Value.Year > 0)?.Value;

    private static int Show(Surroundings surroundings, Question question)
    {
        // Not while the options are read: which zones there are is a setting, which is looked at afterwards.
        if (Zones.Canonical(question.Zone) is not { } canonical)
        {
            surroundings.Error.WriteLine($"kalends: --zone does not know '{question.Zone}'; it takes IANA names such as Europe/Paris");
            surroundings.Error.WriteLine("Try: kalends expand --help");
            return ExitCodes.BadUsage;
        }

        var zone = Zones.Get(canonical);
        if (!RecurrenceRule.TryParse(question.Rule, RuleReading.Strict, out var rule, out var fault))
        {
            return Refuse(surroundings, fault);
        }

        var set = new RecurrenceSet { Start = Read(question.Start)!.Value, Zone = zone, AllDay = question.Start.Length == 10, Rules = [rule] };
        if (Expansion.Check(set) is { } unfit)
        {
            return Refuse(surroundings, unfit);
        }

        surroundings.Out.WriteLine(RuleSentence.Of(rule));
        SayUnfit(surroundings, rule, set);
        return List(surroundings, question, set, set.AllDay ? DateTimeZone.Utc : zone);
    }

    private static void SayUnfit(Surroundings surroundings, RecurrenceRule rule, RecurrenceSet set)
    {
        var nearest = StartFit.Nearest(rule, set.Start, set.AllDay);
        if (nearest != set.Start)
        {
            surroundings.Error.WriteLine(nearest is { } fits
                ? $"kalends: the start does not fit the rule and is left out; the nearest that does is {Text(fits, set.AllDay)}"
                : "kalends: the rule never occurs");
        }
    }

    private static int List(Surroundings surroundings, Question question, RecurrenceSet set, DateTimeZone zone)
    {
        var from = Read(question.From) is { } first ? DaylightSavingPolicy.Rfc5545.Resolve(first, zone) : Instant.MinValue;
        var to = Read(question.To) is { } last ? DaylightSavingPolicy.Rfc5545.Resolve(last, zone) : Instant.MaxValue;
        var occurrences = new Expansion(set).Between(from, to);
        var left = question.Limit;
        while (left > 0 && occurrences.MoveNext())
        {
            left--;
            surroundings.Out.WriteLine(set.AllDay
                ? Text(occurrences.Local, true)
                : $"{Text(occurrences.Local, false)}  {InstantPattern.General.Format(occurrences.Instant)}");
        }

        return occurrences.Fault is { } fault ? Refuse(surroundings, fault) : ExitCodes.Done;
    }

    private static string Text(LocalDateTime time, bool allDay) => WallTexts[allDay ? 2 : 0].Format(time);

    private static int Refuse(Surroundings surroundings, RuleFault fault)
    {
        surroundings.Error.WriteLine($"kalends: {fault}");
        return ExitCodes.Failed;
    }

    private static async Task<int> AnswerCases(Surroundings surroundings, CancellationToken stopped)
    {
        using var input = new StreamReader(surroundings.In());
        while (await input.ReadLineAsync(stopped) is { } line)
        {
            if (!string.IsNullOrWhiteSpace(line))
            {
                await surroundings.Out.WriteLineAsync(ExpandCase.Answer(line));
            }
        }

        return ExitCodes.Done;
    }

    private sealed record Question(string Rule, string Start, string Zone, string? From, string? To, int Limit);
}
