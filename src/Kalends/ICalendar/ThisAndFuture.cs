using Kalends.Appointments;
using Kalends.Recurrence;
using NodaTime;

namespace Kalends.ICalendar;

/// <summary>A change of one occurrence, or of it and all later ones. Id: when it occurs by the series' rules, on the series' wall.</summary>
internal sealed record SeriesChange(LocalDateTime Id, Appointment Says, bool AndFuture);

/// <summary>A series with its changes in order of time. Follows: the UID of the half before it, of a series that was split.</summary>
internal sealed record SeriesPart(Appointment Master, List<SeriesChange> Changes, string? Follows);

/// <summary>
/// RANGE=THISANDFUTURE (RFC 5545 §3.2.13) as two series: one that ends before the occurrence it names, and one that goes on from there as
/// the change says, with what is left of the rules and dates (<see cref="SeriesSplit"/>), moved as far as the change moved its occurrence. Where that
/// cannot be said by rules of the same kind, or would take too long to tell, the change is taken for its one occurrence, with a note that says so.
/// </summary>
internal sealed class ThisAndFuture(string floatingZone, StepBudget budget, Action<string> note)
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
        if (master.Recurrence is not { } recurrence
            || StepShare.Of(budget, share => Halved(wall.Placed(master, recurrence), change.Id, share)) is not { } halves)
        {
            return null;
        }

        var move = new WallMove(wall, change.Id, SeriesWall.Of(change.Says, floatingZone));
        var moved = change.Says.Recurrence is { Rule: not null } own ? own : move.Of(halves.Later);
        if (moved is null)
        {
            return null;
        }

        var following = part.Changes.Where(other => other.Id > change.Id).Select(other => other with { Id = move.Of(other.Id) }).ToList();
        if (!following.Select(other => other.Id).Concat(moved.Added ?? []).All(time => EventTimes.InRange(time.Date)))
        {
            return null;
        }

        var before = halves.Earlier is { } earlier ? master with { Start = earlier.Start, Recurrence = earlier.Recurrence } : null;
        var uid = before is null ? master.Uid! : DerivedUid.Of(master.Uid!, wall.Word(change.Id));
        var after = change.Says with { Uid = uid, Recurrence = moved, Series = null };
        return before is null
            ? (null, new(after, following, part.Follows))
            : (new(before, [.. part.Changes.Where(other => other.Id < change.Id)], part.Follows), new(after, following, master.Uid));
    }

    /// <summary>
    /// What occurs before a moment, and what from it on, on one and the same wall. Null where the moment is no occurrence, nothing comes
    /// after it, or the halves would not be what the whole is: a second rule, or one of every other week, may not fit a start there.
    /// </summary>
    private static Halves? Halved(Appointment series, LocalDateTime id, StepBudget share)
    {
        var whole = series.Recurrence!;
        series = series with { Recurrence = whole with { Excluded = whole.Excluded?.Where(time => time != id).ToList() } };
        var made = new SeriesOccurrences(series);
        if (made.OnWall(id, share) is not { } at || SeriesSplit.From(series, at, share) is not { } later)
        {
            return null;
        }

        var goesOn = new SeriesOccurrences(series with { Start = id, Recurrence = later });
        if (!Some(goesOn).SequenceEqual(Some(made)))
        {
            return null;
        }

        var (isWhole, earlier) = id > series.Start ? Ended(series, made, at, share) : Dates(whole, id);
        return isWhole ? new(earlier, WithoutEmpty(later)) : null;

        IEnumerable<long> Some(SeriesOccurrences occurrences) =>
            occurrences.Starting(at.From, SeriesOccurrences.End, share).Take(Compared).Select(occurrence => occurrence.From);
    }

    /// <summary>
    /// The earlier half, and whether it is what the whole was until then. A time that a gap of the clocks moves past another one (02:45 to 03:45,
    /// past 03:15) may be counted before it and come after it.
    /// </summary>
    private static (bool IsWhole, Appointment? Earlier) Ended(Appointment series, SeriesOccurrences made, Occurrence at, StepBudget share)
    {
        var before = SeriesSplit.Before(series, at, share);
        var half = new SeriesOccurrences(series with { Recurrence = before });
        var isWhole = half.FirstFrom(at.From, share) is null && half.CountBefore(at.From, share) == made.CountBefore(at.From, share);
        var recurrence = WithoutEmpty(before with { Added = [.. before.Added!.Where(time => time != series.Start)] });
        return (isWhole, series with { Recurrence = recurrence is { Rule: null, Added: null } ? null : recurrence });
    }

    /// <summary>Before the start of a series only added dates can lie. Which of them occurs is too much to ask where some are excluded.</summary>
    private static (bool IsWhole, Appointment? Earlier) Dates(Appointments.Recurrence whole, LocalDateTime id)
    {
        var dates = (whole.Added ?? []).Where(time => time < id).Order().ToList();
        return dates.Count == 0 ? (true, null)
            : whole.ExcludedRules is not null || whole.Excluded?.Any(time => time < id) == true ? (false, null)
            : (true, new() { Start = dates[0], Recurrence = dates.Count == 1 ? null : new() { Added = [.. dates.Skip(1)] } });
    }

    /// <summary>As what was read of a text has it, where a list that says nothing is not there.</summary>
    private static Appointments.Recurrence WithoutEmpty(Appointments.Recurrence recurrence) => recurrence with
    {
        Added = recurrence.Added is { Count: > 0 } added ? added : null,
        Excluded = recurrence.Excluded is { Count: > 0 } excluded ? excluded : null,
    };

    /// <summary>The start and recurrence of what goes before, where anything does, and the recurrence of what goes on.</summary>
    private sealed record Halves(Appointment? Earlier, Appointments.Recurrence Later);
}
