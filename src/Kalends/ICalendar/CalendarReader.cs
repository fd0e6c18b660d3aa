using Kalends.Recurrence;

namespace Kalends.ICalendar;

/// <summary>
/// Reads iCalendar text (RFC 5545) item by item, in time proportional to its length and in memory of one item. Whatever the text is,
/// the answer is items: what cannot be an appointment comes as <see cref="CalendarItem.Skipped"/> with its reason, and never
/// takes others with it. No library reads here, only in the tests, as a second opinion: Ical.Net gives up a whole item for one quote
/// or zone it does not know, and takes 70 kB and some 60 µs an event, too much for a file of 50 MB.
/// </summary>
public static class CalendarReader
{
    /// <summary>Events that name a zone which the file describes only after them wait for it; beyond so many they are read without.</summary>
    private const int MostWaiting = 10_000;

    public static IEnumerable<CalendarItem> Read(string text, CalendarReading reading) => Read(new StringReader(text), reading);

    public static IEnumerable<CalendarItem> Read(TextReader text, CalendarReading reading)
    {
        var cutter = new ComponentCutter(text, reading);
        var zones = new FileZones();
        var whole = new WholeText(zones, reading, new(WholeText.MostSteps));
        var waiting = new List<RawComponent>();
        var items = 0;
        foreach (var component in cutter.Cut())
        {
            if (component.Name == "VTIMEZONE")
            {
                zones.Add(component);
                continue;
            }

            if (items++ == reading.MostItems)
            {
                yield return TooMany(reading);
                break;
            }

            if (waiting.Count < MostWaiting && zones.Lacks(component))
            {
                waiting.Add(component);
                continue;
            }

            yield return ReadOne(component, whole);
        }

        foreach (var component in waiting)
        {
            yield return ReadOne(component, whole);
        }

        if (!cutter.SawCalendar)
        {
            yield return new CalendarItem.Skipped(null, SkipCode.NotICalendar, "the text is not iCalendar: it has no BEGIN:VCALENDAR");
        }
    }

    /// <summary>
    /// The UIDs that some item has with a RECURRENCE-ID, for whoever takes a text in parts: an item whose UID is not among them stands by
    /// itself. Costs a reading of the text without making anything of its items.
    /// </summary>
    public static IReadOnlySet<string> UidsOfOverrides(TextReader text, CalendarReading reading) =>
        new ComponentCutter(text, reading).Cut().Take(reading.MostItems)
            .Where(component => component.Name == "VEVENT" && component.First("RECURRENCE-ID") is not null)
            .Select(component => component.Uid).OfType<string>().ToHashSet(StringComparer.Ordinal);

    private static CalendarItem ReadOne(RawComponent component, WholeText whole) => component switch
    {
        { Name: not "VEVENT" } => Skip(component, new(SkipCode.NotAnAppointment, $"{component.Name} is not an appointment")),
        { Fault: { } fault } => Skip(component, fault),
        _ => EventReading.Read(component, whole),
    };

    private static CalendarItem.Skipped Skip(RawComponent component, Fault fault) => new(component.ShownUid, fault.Code, fault.Reason);

    private static CalendarItem.Skipped TooMany(CalendarReading reading) =>
        new(null, SkipCode.TooLarge, $"the text has more than {reading.MostItems} items; what follows was not read: split it");
}

/// <summary>What the items of one text share: its zones, how it is to be read, and the steps that its rules may cost in all.</summary>
internal sealed record WholeText(FileZones Zones, CalendarReading Reading, StepBudget Steps)
{
    /// <summary>Some 0.3 s, whatever rules a text has and however many.</summary>
    public const int MostSteps = 10_000_000;
}
