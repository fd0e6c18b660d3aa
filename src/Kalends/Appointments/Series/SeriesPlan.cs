using NodaTime;

namespace Kalends.Appointments;

/// <summary>An occurrence, or an exception to the rules, that a change of its series left no place for. <see cref="Id"/> as it was known.</summary>
public sealed record DroppedOccurrence(Guid? Id, LocalDateTime RecurrenceId, string Reason)
{
    public const string NoSuchOccurrence = "the series does not occur then any more";

    public const string NoSeries = "the appointment does not recur any more";

    public static DroppedOccurrence Exception(LocalDateTime date) => new(null, date, "excluded a time at which the series does not occur any more");
}

/// <summary>
/// One change of a series as a whole: the series before and after (no series any more, when <see cref="Edit.After"/> does not recur or is
/// null), what becomes of occurrences that were changed by themselves, and what was dropped. Pure: what is stored of the others follows
/// (<see cref="Laying"/>).
/// </summary>
internal sealed record SeriesPlan(KnownSeries? Before, Edit Series)
{
    public IReadOnlyList<Edit> Occurrences { get; init; } = [];

    public IReadOnlyList<DroppedOccurrence> Dropped { get; init; } = [];

    /// <summary>Occurrences that stay detached, by id: their rows are their own.</summary>
    public IReadOnlySet<Guid> Detached { get; init; } = new HashSet<Guid>();

    /// <summary>Of those, the ones that stay as they are.</summary>
    public IReadOnlyList<KnownAppointment> Untouched { get; init; } = [];

    /// <summary>All that is changed or deleted.</summary>
    public IEnumerable<KnownAppointment> Befores => Occurrences.Prepend(Series).Select(edit => edit.Before).OfType<KnownAppointment>();

    /// <summary>A new series, or one made of a single appointment.</summary>
    public static SeriesPlan Create(KnownAppointment? single, Appointment after) => new(null, new Edit(single, after));

    /// <summary>The series and all that belongs to it.</summary>
    public static SeriesPlan Delete(KnownSeries before) => new(before, new Edit(before.Series, null))
    {
        Occurrences = [.. before.Detached.Select(occurrence => new Edit(occurrence, null))],
    };

    /// <summary>A series becomes a single appointment.</summary>
    public static SeriesPlan Dissolve(KnownSeries before, Appointment after) => new(before, new Edit(before.Series, after))
    {
        Occurrences = [.. before.Detached.Select(occurrence => new Edit(occurrence, null))],
        Dropped = [.. before.Detached.Select(occurrence => Drop(occurrence, DroppedOccurrence.NoSeries))],
    };

    /// <summary>The same series saying something else; its detached occurrences move with it, where they still have a place.</summary>
    /// <param name="saved">One of them that was itself saved for all, as it was given.</param>
    public static SeriesPlan Replace(
        KnownSeries before, Appointment after, IEnumerable<DroppedOccurrence> exceptions, Instant now, Appointment? saved = null)
    {
        var carrying = new Carrying(before.Says, before.Says.Start!.Value, after, now, saved);
        carrying.Carry(before.Detached);
        return new(before, new Edit(before.Series, after))
        {
            Occurrences = carrying.Edits,
            Dropped = [.. exceptions, .. carrying.Dropped],
            Detached = carrying.Kept,
            Untouched = carrying.Untouched,
        };
    }

    /// <summary>The series ends before an occurrence. What was detached from there on goes.</summary>
    public static SeriesPlan End(KnownSeries before, Appointment ended, OccurrenceKey at)
    {
        var leaving = before.Detached.Where(occurrence => OccurrenceIds.KeyOf(occurrence.Row.Id) >= at).ToList();
        var staying = before.Detached.Except(leaving).ToList();
        return new(before, new Edit(before.Series, ended))
        {
            Occurrences = [.. leaving.Select(occurrence => new Edit(occurrence, null))],
            Detached = staying.Select(occurrence => occurrence.Row.Id).ToHashSet(),
            Untouched = staying,
        };
    }

    /// <summary>The second half of a split: what was detached in the first one from there on comes along.</summary>
    public static SeriesPlan GoOn(KnownSeries first, Appointment after, Cut at, Instant now, Appointment? saved)
    {
        var carrying = new Carrying(first.Says, at.Wall, after, now, saved);
        carrying.Carry([.. first.Detached.Where(occurrence => OccurrenceIds.KeyOf(occurrence.Row.Id) >= at.Occurrence.Key)]);
        return new(null, new Edit(null, after))
        {
            // Their deletions are the first half's.
            Occurrences = [.. carrying.Edits.Where(edit => edit.Before is null)],
            Dropped = carrying.Dropped,
            Detached = carrying.Kept,
        };
    }

    internal static DroppedOccurrence Drop(KnownAppointment occurrence, string reason) =>
        new(occurrence.Row.Id, occurrence.Says.Series!.RecurrenceId!.Value, reason);
}
