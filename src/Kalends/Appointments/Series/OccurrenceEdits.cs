using Kalends.Messages;
using NodaTime;

namespace Kalends.Appointments;

/// <summary>What it means to save an occurrence, by how many of its series the save is for. Pure.</summary>
internal static class OccurrenceEdits
{
    /// <summary>This one: from now on it says in full what it is.</summary>
    public static Edit This(KnownAppointment occurrence, Appointment complete) => new(occurrence, complete with
    {
        Uid = occurrence.Says.Uid,
        Recurrence = null,
        Series = occurrence.Says.Series! with { Detached = true },
    });

    /// <summary>
    /// All: the series says what the occurrence was given, and starts as much earlier or later as the occurrence was moved.
    /// </summary>
    public static Appointment All(KnownSeries series, KnownAppointment occurrence, Appointment complete)
    {
        var (from, to) = (occurrence.Says.Start!.Value, complete.Start!.Value);
        var start = RecurrenceShift.Date(series.Says.Start!.Value, from, to);
        return Completion.Retimed(complete with
        {
            Id = series.Id,
            Uid = series.Says.Uid,
            Version = series.Series.Row.Version + 1,
            Start = complete.AllDay == true ? start.Date.AtMidnight() : start,
            Recurrence = complete.Recurrence ?? Moved(series.Says.Recurrence!, from, to),
            CreatedAt = series.Says.CreatedAt,
            Originator = series.Says.Originator,
        });
    }

    /// <summary>
    /// The second half of a split: a series of its own that begins where the occurrence was moved to, with its recurrence as given or
    /// going on. Null when no rule says what goes on from it: it was added by a date, say.
    /// </summary>
    public static Appointment? Following(KnownSeries series, KnownAppointment occurrence, Occurrence at, Appointment complete, Guid id)
    {
        var start = RecurrenceShift.Date(at.Key.Local, occurrence.Says.Start!.Value, complete.Start!.Value);
        var recurrence = complete.Recurrence ?? (GoingOn(series, at) is { } going ? Moved(going, at.Key.Local, start) : null);
        return recurrence is null ? null : Completion.Retimed(complete with
        {
            Id = id,
            Uid = $"{id}@kalends",
            Version = 1,
            Start = complete.AllDay == true ? start.Date.AtMidnight() : start,
            Recurrence = recurrence,
        });
    }

    /// <summary>The series as if it began with the occurrence: whose dates the second half carries along.</summary>
    public static Appointment From(KnownSeries series, Occurrence at) => series.Says with
    {
        Start = at.Key.Local,
        Recurrence = GoingOn(series, at) ?? new() { Added = [], Excluded = [] },
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

    private static Recurrence? GoingOn(KnownSeries series, Occurrence at) =>
        SeriesSplit.IsOfRule(series.Says, at) ? SeriesSplit.From(series.Says, at) : null;

    /// <summary>Exceptions are left for <see cref="SeriesCompletion"/> to carry, which says what has no place any more.</summary>
    private static Recurrence Moved(Recurrence recurrence, LocalDateTime from, LocalDateTime to) =>
        RecurrenceShift.By(recurrence, from, to) with { Excluded = null, Added = null };
}
