using Kalends.Messages;
using Kalends.Messages.Json;
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
    public static SeriesPlan Replace(KnownSeries before, Appointment after, IEnumerable<DroppedOccurrence> exceptions, Instant now)
    {
        var carried = before.Detached.Select(occurrence => Carry(before.Says, before.Says.Start!.Value, occurrence, after, now)).ToList();
        return new(before, new Edit(before.Series, after))
        {
            Occurrences = [.. carried.SelectMany(one => one.Edits)],
            Dropped = [.. exceptions, .. carried.Select(one => one.Dropped).OfType<DroppedOccurrence>()],
            Detached = carried.Select(one => one.Kept).OfType<Guid>().ToHashSet(),
            Untouched = [.. carried.Select(one => one.Untouched).OfType<KnownAppointment>()],
        };
    }

    /// <summary>
    /// The series ends before an occurrence. What was detached from there on goes; <paramref name="into"/> takes it up where it has a place.
    /// </summary>
    public static SeriesPlan End(KnownSeries before, Appointment ended, OccurrenceKey at, Appointment? into)
    {
        var leaving = before.Detached.Where(occurrence => OccurrenceIds.KeyOf(occurrence.Row.Id) >= at).ToList();
        var staying = before.Detached.Except(leaving).ToList();
        return new(before, new Edit(before.Series, ended))
        {
            Occurrences = [.. leaving.Select(occurrence => new Edit(occurrence, null))],
            Dropped = into is null ? [] : [.. leaving.Where(occurrence => PlaceIn(at.Local, occurrence, into) is null)
                .Select(occurrence => Drop(occurrence, DroppedOccurrence.NoSuchOccurrence))],
            Detached = staying.Select(occurrence => occurrence.Row.Id).ToHashSet(),
            Untouched = staying,
        };
    }

    /// <summary>The second half of a split: what was detached in the first one from there on comes along.</summary>
    public static SeriesPlan GoOn(KnownSeries first, Appointment after, OccurrenceKey at, Instant now)
    {
        var carried = first.Detached.Where(occurrence => OccurrenceIds.KeyOf(occurrence.Row.Id) >= at)
            .Select(occurrence => Carry(first.Says, at.Local, occurrence, after, now)).Where(one => one.Kept is not null).ToList();
        return new(null, new Edit(null, after))
        {
            Occurrences = [.. carried.SelectMany(one => one.Edits).Where(edit => edit.Before is null)],
            Detached = carried.Select(one => one.Kept!.Value).ToHashSet(),
        };
    }

    private static DroppedOccurrence Drop(KnownAppointment occurrence, string reason) =>
        new(occurrence.Row.Id, occurrence.Says.Series!.RecurrenceId!.Value, reason);

    /// <summary>The occurrence of the series as it is now that was this one: moved as the series was, or the only one of that day.</summary>
    private static Occurrence? PlaceIn(LocalDateTime from, KnownAppointment occurrence, Appointment after)
    {
        var wall = RecurrenceShift.Date(OccurrenceIds.KeyOf(occurrence.Row.Id).Local, from, after.Start!.Value);
        var occurrences = new SeriesOccurrences(after);
        return occurrences.Find(OccurrenceKey.Of(wall)) ?? occurrences.OnlyOneOf(wall.Date);
    }

    /// <param name="seriesBefore">What the series said when the occurrence was in it.</param>
    /// <param name="from">The occurrence of it that became the start of the series as it is now.</param>
    private static Carried Carry(Appointment seriesBefore, LocalDateTime from, KnownAppointment occurrence, Appointment after, Instant now)
    {
        if (PlaceIn(from, occurrence, after) is not { } place)
        {
            return new([new Edit(occurrence, null)], Drop(occurrence, DroppedOccurrence.NoSuchOccurrence), null, null);
        }

        var (id, key) = (OccurrenceIds.Of(after.Id!.Value, place.Key), OccurrenceIds.KeyOf(occurrence.Row.Id));
        var madeBefore = OccurrenceText.Of(seriesBefore, occurrence.Row.Id, new SeriesOccurrences(seriesBefore).Find(key) ?? new(key, 0, 0));
        var merged = Completion.Retimed(OccurrenceMerge.Of(madeBefore, occurrence.Says, OccurrenceText.Of(after, id, place))) with
        {
            Id = id,
            Version = occurrence.Row.Version,
            CreatedAt = occurrence.Says.CreatedAt,
            UpdatedAt = occurrence.Says.UpdatedAt,
            Originator = occurrence.Says.Originator,
            App = occurrence.Says.App,
            Series = new() { Id = after.Id, RecurrenceId = place.Key.Local, Detached = true },
        };
        if (id != occurrence.Row.Id)
        {
            return new([new Edit(occurrence, null), new Edit(null, merged with { Version = 1, UpdatedAt = now })], null, id, null);
        }

        return WireJson.Write(merged).AsSpan().SequenceEqual(occurrence.Row.Json)
            ? new([], null, id, occurrence)
            : new([new Edit(occurrence, merged with { Version = occurrence.Row.Version + 1, UpdatedAt = now })], null, id, null);
    }

    private sealed record Carried(IReadOnlyList<Edit> Edits, DroppedOccurrence? Dropped, Guid? Kept, KnownAppointment? Untouched);
}
