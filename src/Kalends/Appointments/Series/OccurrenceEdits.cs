using NodaTime;

namespace Kalends.Appointments;

/// <summary>
/// Where a series is cut: an occurrence, and the wall time under which the rules have it, which is not what clocks show where they skip it.
/// </summary>
internal readonly record struct Cut(Occurrence Occurrence, LocalDateTime Wall)
{
    public static Cut At(Appointment series, Occurrence occurrence) => new(occurrence, new SeriesOccurrences(series).RuleWall(occurrence));
}

/// <summary>What it means to save an occurrence, by how many of its series the save is for. Pure.</summary>
internal static class OccurrenceEdits
{
    /// <summary>
    /// How much of what goes on after a cut is compared with what the series had. Rules that count from the start go wrong within their first
    /// rounds.
    /// </summary>
    private const int Compared = 400;

    /// <summary>This one: from now on it says in full what it is.</summary>
    public static Edit This(KnownAppointment occurrence, Appointment complete) => new(occurrence, Completion.RetimedLike(complete, occurrence.Says) with
    {
        Uid = occurrence.Says.Uid,
        Recurrence = null,
        Series = occurrence.Says.Series! with { Detached = true },
    });

    /// <summary>
    /// All: the series takes on what the save changes of the occurrence, and starts as much earlier or later as the occurrence was moved. What
    /// the occurrence said by itself before is not the series' affair.
    /// </summary>
    public static Appointment All(KnownSeries series, KnownAppointment occurrence, Appointment complete)
    {
        var (from, to) = (occurrence.Says.Start!.Value, complete.Start!.Value);
        return TakingOn(series, occurrence, complete, RecurrenceShift.Date(series.Says.Start!.Value, from, to)) with
        {
            Id = series.Id,
            Version = series.Series.Row.Version + 1,
            Recurrence = complete.Recurrence ?? Moved(series.Says.Recurrence!, from, to),
        };
    }

    /// <summary>
    /// The second half of a split: a series of its own that begins where the occurrence was moved to, with its recurrence as given or
    /// going on. Null when no rule says what goes on from it: it was added by a date, say.
    /// </summary>
    public static Appointment? Following(KnownSeries series, KnownAppointment occurrence, Cut at, Appointment complete, Guid id)
    {
        var start = RecurrenceShift.Date(at.Wall, occurrence.Says.Start!.Value, complete.Start!.Value);
        var recurrence = complete.Recurrence ?? (GoingOn(series.Says, at) is { } going ? Moved(going, at.Wall, start) : null);
        return recurrence is null ? null : TakingOn(series, occurrence, complete, start) with
        {
            Id = id,
            Uid = $"{id}@kalends",
            Version = 1,
            Recurrence = recurrence,
        };
    }

    /// <summary>The series as if it began with the occurrence: whose dates the second half carries along.</summary>
    public static Appointment From(KnownSeries series, Cut at) => series.Says with
    {
        Start = at.Wall,
        Recurrence = GoingOn(series.Says, at) ?? new() { Added = [], Excluded = [] },
        Series = null,
    };

    /// <summary>The first half, and its link to the second.</summary>
    public static Appointment Ended(KnownSeries series, Occurrence at, Guid? next, Instant now) => series.Says with
    {
        Recurrence = SeriesSplit.Before(series.Says, at),
        Version = series.Series.Row.Version + 1,
        UpdatedAt = now,
        Series = next is null ? SeriesCompletion.LinksOf(series.Says) : new() { Previous = series.Says.Series?.Previous, Next = next },
    };

    private static Appointment TakingOn(KnownSeries series, KnownAppointment occurrence, Appointment complete, LocalDateTime start)
    {
        var (before, after) = (occurrence.Says, OccurrenceMerge.Of(occurrence.Says, complete, series.Says));
        var becomesOther = complete.AllDay != before.AllDay;
        var allDay = becomesOther ? complete.AllDay : series.Says.AllDay;
        return Completion.Retimed(after with
        {
            Start = allDay == true ? start.Date.AtMidnight() : start,
            AllDay = allDay,
            TimeZone = becomesOther || complete.TimeZone != before.TimeZone ? complete.TimeZone : series.Says.TimeZone,
            Duration = becomesOther || complete.Duration != before.Duration ? complete.Duration : series.Says.Duration,
            App = complete.App,
            UpdatedAt = complete.UpdatedAt,
        });
    }

    /// <summary>
    /// The recurrence from a cut on, where it comes to the same as the series did; else with what its rule leaves to its start written out;
    /// else none.
    /// </summary>
    private static Recurrence? GoingOn(Appointment series, Cut at)
    {
        if (!SeriesSplit.IsOfRule(series, at.Occurrence))
        {
            return null;
        }

        var goesOn = SeriesSplit.From(series, at.Occurrence);
        return IsTheSame(series, goesOn, at) ? goesOn
            : goesOn?.Rule is not null && SeriesSplit.WrittenOut(series, goesOn) is var written && IsTheSame(series, written, at) ? written
            : null;
    }

    private static bool IsTheSame(Appointment series, Recurrence? goesOn, Cut at)
    {
        return goesOn is not null && Some(series).SequenceEqual(Some(series with { Start = at.Wall, Recurrence = goesOn }));

        IEnumerable<long> Some(Appointment of) =>
            new SeriesOccurrences(of).Starting(at.Occurrence.From, SeriesOccurrences.End).Take(Compared).Select(occurrence => occurrence.From);
    }

    /// <summary>Exceptions are left for <see cref="SeriesCompletion"/> to carry, which says what has no place any more.</summary>
    private static Recurrence Moved(Recurrence recurrence, LocalDateTime from, LocalDateTime to) =>
        RecurrenceShift.By(recurrence, from, to) with { Excluded = null, Added = null };
}
