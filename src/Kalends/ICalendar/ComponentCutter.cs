using System.Collections.Frozen;

namespace Kalends.ICalendar;

/// <summary>
/// Cuts the unfolded lines into the components that stand directly in a calendar, one after another. Files with a missing or stray END
/// are common enough that each component is cut out by its own BEGIN: a BEGIN of the next one ends an unfinished one as broken.
/// </summary>
internal sealed class ComponentCutter(TextReader text, CalendarReading reading)
{
    private static readonly FrozenSet<string> StandAlone =
        new[] { "VCALENDAR", "VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VTIMEZONE", "VAVAILABILITY" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private readonly UnfoldedLines lines = new(text, reading.LongestLine);
    private readonly Stack<RawComponent> open = new();
    private int length;
    private int count;

    /// <summary>True when the text had a BEGIN:VCALENDAR, or a component that only stands in one.</summary>
    public bool SawCalendar { get; private set; }

    public IEnumerable<RawComponent> Cut()
    {
        while (lines.Next() is { } line)
        {
            if (Marker(line, "BEGIN:") is { } begins)
            {
                if (Begin(begins) is { } unfinished)
                {
                    yield return unfinished;
                }
            }
            else if (Marker(line, "END:") is { } ends)
            {
                if (End(ends) is { } finished)
                {
                    yield return finished;
                }
            }
            else if (open.Count > 0)
            {
                Keep(line);
            }
        }

        if (Unfinished() is { } last)
        {
            yield return last;
        }
    }

    private static string? Marker(string line, string marker) =>
        line.StartsWith(marker, StringComparison.OrdinalIgnoreCase) ? line[marker.Length..].Trim().ToUpperInvariant() : null;

    private RawComponent? Begin(string name)
    {
        if (open.Count > 0 && !StandAlone.Contains(name))
        {
            Nest(name);
            return null;
        }

        var unfinished = Unfinished();
        var known = StandAlone.Contains(name);
        SawCalendar |= known;
        if (known && name != "VCALENDAR")
        {
            open.Push(new(name));
            (length, count) = (0, 0);
        }

        return unfinished;
    }

    private void Nest(string name)
    {
        if (open.Count > reading.DeepestNesting)
        {
            open.Last().Fault = new(SkipCode.TooLarge, $"components are nested deeper than {reading.DeepestNesting}");
            return;
        }

        var child = new RawComponent(name);
        if (++count <= reading.MostLines)
        {
            open.Peek().Children.Add(child);
        }

        open.Push(child);
    }

    private RawComponent? End(string name)
    {
        if (name == "VCALENDAR" || open.Count == 0)
        {
            return Unfinished();
        }

        var item = open.Last();
        if (name == item.Name)
        {
            open.Clear();
            return item;
        }

        if (open.Any(component => component.Name == name))
        {
            while (open.Pop().Name != name)
            {
            }
        }

        return null;
    }

    private RawComponent? Unfinished()
    {
        if (open.Count == 0)
        {
            return null;
        }

        var item = open.Last();
        item.Fault ??= new(SkipCode.Invalid, $"the item has no END:{item.Name}");
        open.Clear();
        return item;
    }

    private void Keep(string line)
    {
        var item = open.Last();
        var component = open.Peek();
        var added = component.Add(line, lines.WasCut, reading.LongestItem - length);
        length = Math.Min(length + added, reading.LongestItem);
        if (added > 0 && ++count > reading.MostLines)
        {
            item.Fault = new(SkipCode.TooLarge, $"the item has more than {reading.MostLines} lines");
            component.Lines.Clear();
        }

        item.Fault ??= component.Fault;
    }
}
