using Kalends.Messages.Json;
using NodaTime;

namespace Kalends.Appointments;

/// <summary>
/// Carries occurrences that were changed by themselves from a series as it was into what became of it: each to the place it was moved to
/// with its series, else to the only occurrence of that day; no two to one place. What finds none is dropped, and named. Pure.
/// </summary>
/// <param name="before">The series that they were detached from.</param>
/// <param name="from">The wall time of it that became the start of the series as it is now.</param>
/// <param name="after">The series as it is now.</param>
/// <param name="now">When.</param>
/// <param name="saved">One of them as it was just given, by its id; it says that, and not what is stored.</param>
internal sealed class Carrying(Appointment before, LocalDateTime from, Appointment after, Instant now, Appointment? saved)
{
    private readonly SeriesOccurrences was = new(before);
    private readonly SeriesOccurrences becomes = new(after);
    private readonly List<Edit> edits = [];

    /// <summary>
    /// What one leaves behind and another takes up under the same id is one change of that id: a series moved by one of its own steps hands
    /// each place on.
    /// </summary>
    public IReadOnlyList<Edit> Edits => [.. edits.GroupBy(edit => edit.After?.Id ?? edit.Before!.Row.Id).Select(Joined)];

    public List<DroppedOccurrence> Dropped { get; } = [];

    public HashSet<Guid> Kept { get; } = [];

    public List<KnownAppointment> Untouched { get; } = [];

    public void Carry(IReadOnlyList<KnownAppointment> detached)
    {
        var places = new Dictionary<Guid, Occurrence>();
        var taken = new HashSet<OccurrenceKey>();
        foreach (var find in new Func<OccurrenceKey, Occurrence?>[] { Exactly, OnTheSameDay })
        {
            foreach (var occurrence in detached.Where(occurrence => !places.ContainsKey(occurrence.Row.Id)))
            {
                if (find(OccurrenceIds.KeyOf(occurrence.Row.Id)) is { } place && taken.Add(place.Key))
                {
                    places[occurrence.Row.Id] = place;
                }
            }
        }

        foreach (var occurrence in detached)
        {
            if (places.TryGetValue(occurrence.Row.Id, out var place))
            {
                Carry(occurrence, place);
            }
            else
            {
                edits.Add(new(occurrence, null));
                Dropped.Add(SeriesPlan.Drop(occurrence, DroppedOccurrence.NoSuchOccurrence));
            }
        }
    }

    private static Edit Joined(IEnumerable<Edit> ofOneId)
    {
        var (leaves, takes) = (ofOneId.FirstOrDefault(edit => edit.After is null), ofOneId.FirstOrDefault(edit => edit.After is not null));
        return leaves is null || takes is null
            ? leaves ?? takes!
            : new(leaves.Before, takes.After! with { Version = leaves.Before!.Row.Version + 1 });
    }

    private Occurrence? Exactly(OccurrenceKey key)
    {
        var wall = RecurrenceShift.Date(key.Local, from, after.Start!.Value);
        return (key.IsSecondPassing ? becomes.Find(OccurrenceKey.Of(wall, isSecondPassing: true)) : null) ?? becomes.Find(OccurrenceKey.Of(wall));
    }

    private Occurrence? OnTheSameDay(OccurrenceKey key) => becomes.OnlyOneOf(RecurrenceShift.Date(key.Local, from, after.Start!.Value).Date);

    private void Carry(KnownAppointment occurrence, Occurrence place)
    {
        var (id, key) = (OccurrenceIds.Of(after.Id!.Value, place.Key), OccurrenceIds.KeyOf(occurrence.Row.Id));
        var says = saved?.Id == occurrence.Row.Id ? saved : occurrence.Says;
        var madeBefore = OccurrenceText.Of(before, occurrence.Row.Id, was.Find(key) ?? new(key, 0, 0));
        var madeNow = OccurrenceText.Of(after, id, place);
        var merged = Completion.RetimedLike(OccurrenceMerge.Of(madeBefore, says, madeNow), madeNow, says) with
        {
            Id = id,
            Version = occurrence.Row.Version,
            CreatedAt = occurrence.Says.CreatedAt,
            UpdatedAt = occurrence.Says.UpdatedAt,
            Originator = occurrence.Says.Originator,
            App = says.App,
            Series = new() { Id = after.Id, RecurrenceId = place.Key.Local, Detached = true },
        };
        Kept.Add(id);
        if (id != occurrence.Row.Id)
        {
            edits.AddRange([new(occurrence, null), new(null, merged with { Version = 1, UpdatedAt = now })]);
        }
        else if (WireJson.Write(merged).AsSpan().SequenceEqual(occurrence.Row.Json))
        {
            Untouched.Add(occurrence);
        }
        else
        {
            edits.Add(new(occurrence, merged with { Version = occurrence.Row.Version + 1, UpdatedAt = now }));
        }
    }
}
