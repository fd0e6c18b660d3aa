using Kalends.Appointments;
using Kalends.Recurrence;
using NodaTime;

namespace Kalends.ICalendar;

/// <summary>A change of one occurrence, or of it and all later ones. Id: when it occurs by the series' rules, on the series' wall.</summary>
internal sealed record SeriesChange(LocalDateTime Id, Appointment Says, bool AndFuture);

/// <summary>A series with its changes in order of time.</summary>
internal sealed record SeriesPart(Appointment Master, List<SeriesChange> Changes);

/// <summary>
/// RANGE=THISANDFUTURE (RFC 5545 §3.2.13) as two series: one that ends before the occurrence it names, and one that goes on from there as
/// the change says, with what is left of the rules and dates, moved as far as the change moved its occurrence. Where that cannot be said
/// by rules of the same kind, the change is taken for its one occurrence, with a note that says so.
/// </summary>
internal sealed class SeriesSplit(string floatingZone, StepBudget budget, Action<string> note)
{
    /// <summary>Changes of all that follows in one series; more than a standing meeting of decades has.</summary>
    private const int MostSplits = 50;

    /// <summary>How far the rest is compared with the series it is to go on with.</summary>
    private const int Compared = 60;

    public IEnumerable<SeriesPart> Parts(SeriesPart whole)
    {
        var (rest, splits) = (whole, 0);
        while (rest.Changes.FindIndex(change => change.AndFuture) is var index and >= 0)
        {
            var change = rest.Changes[index];
            if (splits == MostSplits || Split(rest, change) is not var (before, after))
            {
                note($"RANGE=THISANDFUTURE at {RecurrenceLines.Time(change.Id)}: "
                    + (splits == MostSplits ? $"a series can be changed from then on {MostSplits} times" : "the rule does not say what follows from there")
                    + "; the change was taken for that occurrence only");
                rest.Changes[index] = change with { AndFuture = false };
                continue;
            }

            splits++;
            if (before is not null)
            {
                yield return before;
            }

            rest = after;
        }

        yield return rest;
    }

    private (SeriesPart? Before, SeriesPart After)? Split(SeriesPart part, SeriesChange change)
    {
        var (master, wall) = (part.Master, SeriesWall.Of(part.Master, floatingZone));
        if (master.Recurrence is not { } recurrence || Rest(recurrence, wall, change.Id) is not var (earlier, later))
        {
            return null;
        }

        var move = new SeriesMove(wall, change.Id, SeriesWall.Of(change.Says, floatingZone));
        var moved = change.Says.Recurrence is { Rule: not null } own ? own : move.Of(later);
        if (moved is null)
        {
            return null;
        }

        var following = part.Changes.Where(other => other.Id > change.Id).Select(other => other with { Id = move.Of(other.Id) }).ToList();
        if (!following.Select(other => other.Id).Concat(moved.Added ?? []).All(time => EventTimes.InRange(time.Date)))
        {
            return null;
        }

        var before = Before(master, earlier, wall, change.Id);
        var uid = before is null ? master.Uid! : DerivedUid.Of(master.Uid!, Word(wall, change.Id));
        var after = change.Says with { Uid = uid, Recurrence = moved, Series = null };
        return (before is null ? null : new(before, [.. part.Changes.Where(other => other.Id < change.Id)]), new(after, following));
    }

    /// <summary>The series that goes before; null where nothing does. Before the start of a series only added dates can lie.</summary>
    private static Appointment? Before(Appointment master, Appointments.Recurrence? earlier, SeriesWall wall, LocalDateTime id) =>
        id > wall.Start ? master with { Recurrence = earlier }
        : earlier?.Added is not { Count: > 0 } dates ? null
        : master with
        {
            Start = dates[0],
            Recurrence = dates.Count == 1 ? null : new() { Added = [.. dates.Skip(1)] },
        };

    /// <summary>The moment of an occurrence as <see cref="DerivedUid"/> has it.</summary>
    public static string Word(SeriesWall wall, LocalDateTime id) =>
        wall.AllDay ? RecurrenceLines.Date(id.Date) : RecurrenceLines.Time(wall.At(id).InUtc().LocalDateTime) + "Z";

    /// <summary>
    /// What occurs before a moment, and what from it on, on one and the same wall. Null where the moment is no occurrence, nothing comes
    /// after it, or the rest would not go on as the whole does: a second rule, or one of every other week, may not fit a start there.
    /// </summary>
    private (Appointments.Recurrence? Earlier, Appointments.Recurrence Later)? Rest(Appointments.Recurrence whole, SeriesWall wall, LocalDateTime id)
    {
        var made = new SeriesOccurrences(whole with { Excluded = whole.Excluded?.Where(time => time != id).ToList() }, wall, budget);
        if (!made.Has(id) || Divided(whole, wall, id) is not var (before, after) || ExcludedFrom(whole, wall, id) is not { } excludedRules)
        {
            return null;
        }

        var later = whole with
        {
            Rule = after is [var first, ..] ? first.ToString() : null,
            MoreRules = after.Count > 1 ? [.. after.Skip(1).Select(rule => rule.ToString())] : null,
            ExcludedRules = excludedRules.Count > 0 ? excludedRules : null,
            Excluded = Some(whole.Excluded, time => time > id),
            Added = Some(whole.Added, time => time > id),
        };
        if (later is { Rule: null, Added: null })
        {
            return null;
        }

        var goesOn = new SeriesOccurrences(later, wall with { Start = id }, budget).From(id, Compared);
        if (goesOn is null || made.From(id, Compared) is not { } expected || !goesOn.SequenceEqual(expected))
        {
            return null;
        }

        var earlier = whole with
        {
            Rule = before is [var one, ..] ? one.ToString() : null,
            MoreRules = before.Count > 1 ? [.. before.Skip(1).Select(rule => rule.ToString())] : null,
            Excluded = Some(whole.Excluded, time => time < id),
            Added = Some(whole.Added, time => time < id),
        };
        if (id <= wall.Start && earlier.Added is not null && (earlier.ExcludedRules is not null || earlier.Excluded is not null))
        {
            // Which of the dates before the start occurs is too much to ask.
            return null;
        }

        return id > wall.Start && !IsBeginning(earlier, made, wall, id) ? null : (earlier is { Rule: null, Added: null } ? null : earlier, later);
    }

    /// <summary>
    /// Whether the earlier half is what the whole was until then. A time that a gap of the clocks moves past another one (02:45 to 03:45,
    /// past 03:15) may be counted before it and come after it.
    /// </summary>
    private bool IsBeginning(Appointments.Recurrence earlier, SeriesOccurrences whole, SeriesWall wall, LocalDateTime id)
    {
        var half = new SeriesOccurrences(earlier, wall, budget);
        return half.From(id, 1) is not { Count: > 0 } && half.Before(id) == whole.Before(id);
    }

    /// <summary>
    /// The rules until the moment and from it on. A COUNT is divided by counting, with the start as one. Without it the earlier end a second,
    /// or for whole days a day, before the moment, unless they have ended already, and the later keep their UNTIL.
    /// </summary>
    private (List<RecurrenceRule> Before, List<RecurrenceRule> After)? Divided(Appointments.Recurrence whole, SeriesWall wall, LocalDateTime id)
    {
        var until = ConformingRule.Until(wall.AllDay ? id.PlusDays(-1) : id, wall);
        until = wall.AllDay ? until : RuleUntil.OfUtc(wall.At(id) - Duration.FromSeconds(1));
        var (before, after) = (new List<RecurrenceRule>(), new List<RecurrenceRule>());
        foreach (var rule in SeriesOccurrences.Rules(RecurrenceLines.RulesOf(whole)))
        {
            var occurrences = SeriesOccurrences.OfRule(rule, wall, budget);
            var isOwn = occurrences.Has(id);
            var ended = rule.Until is { } last && ConformingRule.Last(last, wall) < id;
            var (left, earlier) = (rule.Count, rule with { Until = until });
            if (rule.Count is { } count)
            {
                if (occurrences.Before(id) is not { } passed)
                {
                    return null;
                }

                // The start of the rest counts, so where it is another rule's or an added date, one is to be counted more.
                ended |= passed >= count;
                left = count - passed + (isOwn ? 0 : 1);
                earlier = rule with { Count = passed };
            }

            before.Add(ended ? rule : earlier);
            if (ended)
            {
                continue;
            }

            if (!isOwn && rule.Interval > 1)
            {
                return null;
            }

            after.Add((isOwn ? rule : WrittenOut(rule, wall)) with { Count = left, Until = rule.Until });
        }

        return (before, after);
    }

    /// <summary>The excluded rules as they are from the moment on; null where they count, or come every so often, from the start.</summary>
    private static List<string>? ExcludedFrom(Appointments.Recurrence whole, SeriesWall wall, LocalDateTime id)
    {
        var rules = SeriesOccurrences.Rules(whole.ExcludedRules);
        return id != wall.Start && rules.Exists(rule => rule.Count is not null || rule.Interval > 1) ? null
            : rules.ConvertAll(rule => (id == wall.Start ? rule : WrittenOut(rule, wall) with { Until = rule.Until }).ToString());
    }

    /// <summary>With what the rule leaves to its start, which another start would fill in otherwise.</summary>
    private static RecurrenceRule WrittenOut(RecurrenceRule rule, SeriesWall wall) =>
        new RulePlan(rule, CivilDays.Seconds(wall.Start), !wall.AllDay).WrittenOut();

    private static List<LocalDateTime>? Some(IReadOnlyList<LocalDateTime>? times, Func<LocalDateTime, bool> which) =>
        times?.Where(which).ToList() is { Count: > 0 } some ? some : null;
}
