using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Publications;

/// <summary>
/// Those who hear the same: one caller's listeners that ask for the same. What they hear is judged, and its ids are sealed, once for all of them.
/// </summary>
internal sealed class Audience(Caller caller, FeedFilter filter)
{
    public Caller Caller => caller;

    public FeedFilter Filter => filter;

    public HashSet<FeedListener> Listeners { get; } = [];
}

/// <summary>An audience, what of a page may concern it, and who was of it as that was looked up.</summary>
internal sealed record Concerned(Audience Audience, List<FeedListener> Listeners, List<PlacedEntry> Entries);

/// <summary>
/// Who listens, found by the calendars that they ask for: an event costs as much as it has hearers, however many listen to something else. Not safe for use
/// by several at once.
/// </summary>
internal sealed class Audiences
{
    private readonly Dictionary<(Caller Caller, string Filter), Audience> all = [];
    private readonly Dictionary<CalendarId, HashSet<Audience>> byCalendar = [];
    private readonly HashSet<Audience> ofEverything = [];

    public IEnumerable<Audience> All => all.Values;

    public int Count { get; private set; }

    public IEnumerable<FeedListener> Listeners => all.Values.SelectMany(audience => audience.Listeners);

    public void Add(FeedListener listener)
    {
        var key = KeyOf(listener);
        if (!all.TryGetValue(key, out var audience))
        {
            all[key] = audience = new(listener.Caller, listener.Filter);
            Index(audience);
        }

        Count += audience.Listeners.Add(listener) ? 1 : 0;
    }

    public bool Remove(FeedListener listener)
    {
        if (!all.TryGetValue(KeyOf(listener), out var audience) || !audience.Listeners.Remove(listener))
        {
            return false;
        }

        Count--;
        if (audience.Listeners.Count == 0)
        {
            all.Remove(KeyOf(listener));
            Forget(audience);
        }

        return true;
    }

    public void Clear()
    {
        all.Clear();
        byCalendar.Clear();
        ofEverything.Clear();
        Count = 0;
    }

    /// <summary>Each audience that any of these may concern, with those that may, in their order.</summary>
    public List<Concerned> Of(IReadOnlyList<PlacedEntry> entries)
    {
        var found = new Dictionary<Audience, Concerned>();
        foreach (var entry in entries)
        {
            foreach (var audience in entry.Calendars.SelectMany(calendar => byCalendar.GetValueOrDefault(calendar) ?? []).Concat(ofEverything).Distinct())
            {
                if (!found.TryGetValue(audience, out var concerned))
                {
                    found[audience] = concerned = new(audience, [.. audience.Listeners], []);
                }

                concerned.Entries.Add(entry);
            }
        }

        return [.. found.Values];
    }

    private void Index(Audience audience)
    {
        if (audience.Filter.Calendars is not { } calendars)
        {
            ofEverything.Add(audience);
            return;
        }

        foreach (var calendar in calendars)
        {
            if (!byCalendar.TryGetValue(calendar, out var audiences))
            {
                byCalendar[calendar] = audiences = [];
            }

            audiences.Add(audience);
        }
    }

    private void Forget(Audience audience)
    {
        ofEverything.Remove(audience);
        foreach (var calendar in audience.Filter.Calendars ?? new HashSet<CalendarId>())
        {
            if (byCalendar.TryGetValue(calendar, out var audiences) && audiences.Remove(audience) && audiences.Count == 0)
            {
                byCalendar.Remove(calendar);
            }
        }
    }

    private static (Caller Caller, string Filter) KeyOf(FeedListener listener) => (listener.Caller, listener.Filter.Text);
}
