using Kalends.Appointments;
using Kalends.Recurrence;
using NodaTime;

namespace Kalends.ICalendar;

/// <summary>A series and those of its occurrences that differ: each has its Series.RecurrenceId on the series' wall, and its UID.</summary>
public sealed record ImportedSeries(Appointment Master, IReadOnlyList<Appointment> Overrides)
{
    /// <summary>The UID of the half before it, where the text splits a series.</summary>
    public string? Follows { get; init; }
}

/// <summary>What the items of a text come to. Skipped: what was left out on the way, or taken for less than it said, with the reason.</summary>
public sealed record GroupedCalendar(
    IReadOnlyList<Appointment> Singles, IReadOnlyList<ImportedSeries> Series, IReadOnlyList<CalendarItem.Skipped> Skipped);

/// <summary>
/// Puts the items of a text together by UID (RFC 5545 §3.8.4.7): single appointments, and series with their changed occurrences. Of two
/// items for one thing that with the higher SEQUENCE is taken, and the later of equals. A changed occurrence whose series is not there
/// is a single appointment under a UID of its own, the same each time. <see cref="ThisAndFuture"/> says what RANGE becomes. The floating
/// zone is the one that the items were read with.
/// </summary>
public sealed class SeriesGrouping(string floatingZone)
{
    /// <summary>Changed occurrences of one series, as many as it may have dates.</summary>
    public const int MostOverrides = 5_000;

    private readonly StepBudget budget = new(WholeText.MostSteps);

    private readonly Dictionary<string, UidItems> byUid = new(StringComparer.Ordinal);
    private readonly List<UidItems> inOrder = [];
    private readonly List<Appointment> singles = [];
    private readonly List<ImportedSeries> series = [];
    private readonly List<CalendarItem.Skipped> skipped = [];

    public static GroupedCalendar Group(IEnumerable<CalendarItem.Read> items, string floatingZone)
    {
        var grouping = new SeriesGrouping(floatingZone);
        foreach (var item in items)
        {
            grouping.Add(item);
        }

        return grouping.Group();
    }

    public void Add(CalendarItem.Read item)
    {
        var uid = item.Appointment.Uid ?? throw new ArgumentException("a read item has a UID", nameof(item));
        if (!byUid.TryGetValue(uid, out var items))
        {
            inOrder.Add(byUid[uid] = items = new(uid));
        }

        if (item.Occurrence is not null)
        {
            items.Overrides.Add(item);
        }
        else
        {
            if (items.Master is not null)
            {
                Skip(uid, SkipCode.Invalid, "the same UID comes again in the text; the one with the higher SEQUENCE, or else the later one, was taken");
            }

            items.Master = items.Master is { } other && other.Sequence > item.Sequence ? other : item;
        }
    }

    /// <summary>To be asked once, after the last item.</summary>
    public GroupedCalendar Group()
    {
        foreach (var items in inOrder)
        {
            if (items.Master is { } master)
            {
                Take(master, items);
            }
            else
            {
                singles.AddRange(Newest(items.Overrides, item => item.Occurrence!.Word(floatingZone)).Select(pair => Alone(pair.Value.Appointment, pair.Key)));
            }
        }

        return new(singles, series, skipped);
    }

    private void Take(CalendarItem.Read master, UidItems items)
    {
        var wall = SeriesWall.Of(master.Appointment, floatingZone);
        var recurs = master.Appointment.Recurrence is not null;
        var changes = Newest(items.Overrides, item => wall.From(item.Occurrence!))
            .Select(pair => new SeriesChange(pair.Key, pair.Value.Appointment, recurs && pair.Value.Occurrence!.AndFuture)).ToList();
        var named = changes.Select(change => change.Id).ToHashSet();
        changes.AddRange(master.Periods.Where(period => named.Add(period.Start)).Select(period => OfPeriod(master.Appointment, period)));
        if (changes.Count > MostOverrides)
        {
            Skip(items.Uid, SkipCode.TooLarge, $"the series has more than {MostOverrides} changed occurrences");
            return;
        }

        changes.Sort((one, other) => one.Id.CompareTo(other.Id));
        foreach (var part in new ThisAndFuture(floatingZone, budget, Note).Parts(new(master.Appointment, changes, null)))
        {
            Attach(part);
        }

        void Note(string reason) => Skip(items.Uid, SkipCode.Invalid, reason);
    }

    /// <summary>
    /// A change of what the series does not make adds it (§3.8.4.4: the instance is the recurrence set's), and one of what is excluded
    /// brings it back: some programs write both for one that was moved.
    /// </summary>
    private void Attach(SeriesPart part)
    {
        var wall = SeriesWall.Of(part.Master, floatingZone);
        var recurrence = With(part.Changes.Select(change => change.Id).ToHashSet(), part.Master, wall);
        if (recurrence.Added is { Count: > SeriesDates.Most })
        {
            Skip(
                part.Master.Uid!, SkipCode.TooLarge,
                $"the series has more than {SeriesDates.Most} added dates, with its changed occurrences that no rule makes");
        }
        else if (recurrence is { Rule: null, Added: null })
        {
            // What does not recur has one occurrence, and its change is what holds.
            singles.Add(part.Changes is [var only] ? only.Says with { Uid = part.Master.Uid, Recurrence = null, Series = null } : part.Master);
        }
        else
        {
            var master = part.Master with { Recurrence = recurrence };
            var kept = recurrence.ExcludedRules is null ? part.Changes : Kept(part.Changes, master, wall);
            series.Add(new(master, [.. kept.Select(change => Of(change, master))]) { Follows = part.Follows });
        }
    }

    private Appointments.Recurrence With(HashSet<LocalDateTime> ids, Appointment master, SeriesWall wall)
    {
        var recurrence = master.Recurrence ?? new();
        if (ids.Count == 0)
        {
            return recurrence;
        }

        var excluded = recurrence.Excluded?.Where(time => !ids.Contains(time)).ToList();
        recurrence = recurrence with { Excluded = excluded is { Count: > 0 } ? excluded : null };
        var made = Occurring(ids, wall.Placed(master, recurrence));
        var added = ids.Except(made).Concat(recurrence.Added ?? []).Distinct().Order().ToList();
        return recurrence with { Added = added.Count > 0 ? added : null };
    }

    /// <summary>The changes of what occurs. What an EXRULE takes out no added date brings back, so its change stands alone.</summary>
    private List<SeriesChange> Kept(List<SeriesChange> changes, Appointment master, SeriesWall wall)
    {
        var made = Occurring(changes.Select(change => change.Id), wall.Placed(master, master.Recurrence!));
        singles.AddRange(changes.Where(change => !made.Contains(change.Id)).Select(change => Alone(change.Says, wall.Word(change.Id))));
        return changes.FindAll(change => made.Contains(change.Id));
    }

    /// <summary>Those that occur, as far as the budget reaches to tell.</summary>
    private HashSet<LocalDateTime> Occurring(IEnumerable<LocalDateTime> ids, Appointment series)
    {
        var occurrences = new SeriesOccurrences(series);
        return StepShare.Of(budget, share => ids.Where(id => occurrences.Has(id, share) == true).ToHashSet())!;
    }

    private static Appointment Of(SeriesChange change, Appointment master) =>
        change.Says with { Uid = master.Uid, Recurrence = null, Series = new() { RecurrenceId = change.Id } };

    private static SeriesChange OfPeriod(Appointment master, AddedPeriod period) =>
        new(period.Start, master with { Start = period.Start, Duration = period.Duration, EndTimeZone = null, Recurrence = null }, false);

    private static Appointment Alone(Appointment occurrence, string word) =>
        occurrence with { Uid = DerivedUid.Of(occurrence.Uid!, word), Recurrence = null, Series = null };

    private static Dictionary<T, CalendarItem.Read> Newest<T>(List<CalendarItem.Read> items, Func<CalendarItem.Read, T> key)
        where T : notnull
    {
        var newest = new Dictionary<T, CalendarItem.Read>();
        foreach (var item in items)
        {
            var id = key(item);
            newest[id] = newest.TryGetValue(id, out var other) && other.Sequence > item.Sequence ? other : item;
        }

        return newest;
    }

    private void Skip(string uid, SkipCode code, string reason) => skipped.Add(new(uid, code, reason));

    private sealed class UidItems(string uid)
    {
        public string Uid => uid;

        public CalendarItem.Read? Master { get; set; }

        public List<CalendarItem.Read> Overrides { get; } = [];
    }
}
