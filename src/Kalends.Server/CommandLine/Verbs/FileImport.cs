using System.Text;
using Kalends.Appointments;
using Kalends.Calendars;
using Kalends.ICalendar;
using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Server.CommandLine.Verbs;

/// <summary>What came of one file. Error: nothing (more) of it was taken.</summary>
internal sealed record FileResult(string File)
{
    public long Saved { get; set; }

    public long Unchanged { get; set; }

    public string? Error { get; set; }

    /// <summary>The file itself could not be opened or read to its end.</summary>
    public bool Unreadable { get; set; }

    public Dictionary<string, long> Reasons { get; } = new(StringComparer.Ordinal);

    public void Skip(string reason) => Reasons[reason] = Reasons.GetValueOrDefault(reason) + 1;
}

/// <summary>
/// Imports a file of any size with the import-calendar command: read item by item, written out again in parts that one command takes, a
/// series and its changed occurrences always in one. What the reader skips is counted here; what the command skips, from its answer.
/// </summary>
internal sealed class FileImport(Desk desk, CalendarId calendar)
{
    /// <summary>A part is one transaction: small enough that others get to write between two.</summary>
    private const int PerPart = 2_000;

    /// <summary>Characters, a quarter of what the command takes: series of thousands of dates are long.</summary>
    private const int LongestPart = 8 * 1024 * 1024;

    /// <summary>A file longer than this is not one calendar, and would not fit into memory beside its text.</summary>
    private const long LongestFile = 512L * 1024 * 1024;

    public async Task<FileResult> Import(string file, Action<long> advance, CancellationToken stopped)
    {
        var result = new FileResult(file);
        try
        {
            var length = new FileInfo(file).Length;
            if (length > LongestFile)
            {
                result.Error = $"is longer than {LongestFile / 1024 / 1024} MiB; split it";
                return result;
            }

            var text = CalendarText.Decode(await File.ReadAllBytesAsync(file, stopped));
            await Import(text, result, advance, stopped);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            (result.Error, result.Unreadable) = (fault.Message, true);
        }

        return result;
    }

    private async Task Import(string text, FileResult result, Action<long> advance, CancellationToken stopped)
    {
        var zone = await Zone(stopped);
        var reading = new CalendarReading { FloatingZone = zone };
        using var counted = new CountingReader(text, advance);
        var head = new CalendarHead(null, zone, NodaTime.Instant.FromUnixTimeSeconds(0));
        var pieces = Pieces(CalendarReader.Read(counted, reading), HeldUids(text, reading), zone, result);
        foreach (var part in InParts(pieces, head))
        {
            if (await Send(part, result, stopped) is { } refusal)
            {
                result.Error = refusal.Detail;
                return;
            }
        }
    }

    /// <summary>The UIDs whose items belong together and may lie anywhere in the file; few files have any, and most say so at a glance.</summary>
    private static IReadOnlySet<string> HeldUids(string text, CalendarReading reading)
    {
        using var whole = new StringReader(text);
        return text.Contains("RECURRENCE-ID", StringComparison.OrdinalIgnoreCase)
            ? CalendarReader.UidsOfOverrides(whole, reading)
            : System.Collections.Frozen.FrozenSet<string>.Empty;
    }

    /// <summary>
    /// What must not be torn apart, in the order it can be sent: an item that stands by itself at once, a series with its changed occurrences
    /// when all of the file is read. So memory holds those series and one part.
    /// </summary>
    private static IEnumerable<ImportedSeries> Pieces(IEnumerable<CalendarItem> items, IReadOnlySet<string> held, string zone, FileResult result)
    {
        var grouping = new SeriesGrouping(zone);
        foreach (var item in items)
        {
            switch (item)
            {
                case CalendarItem.Skipped { Code: SkipCode.NotICalendar, Reason: var reason }:
                    result.Error = reason;
                    yield break;
                case CalendarItem.Skipped skipped:
                    result.Skip(skipped.Reason);
                    break;
                // A period of its own length is a changed occurrence that no RECURRENCE-ID names.
                case CalendarItem.Read read when held.Contains(read.Appointment.Uid!) || read.Occurrence is not null || read.Periods.Count > 0:
                    grouping.Add(read);
                    break;
                case CalendarItem.Read read:
                    yield return new(read.Appointment, []);
                    break;
            }
        }

        var grouped = grouping.Group();
        grouped.Skipped.ToList().ForEach(skipped => result.Skip(skipped.Reason));
        foreach (var piece in grouped.Singles.Select(single => new ImportedSeries(single, [])).Concat(grouped.Series))
        {
            yield return piece;
        }
    }

    /// <summary>Whole pieces as texts, cut where a part has as many items, or as much text, as it should; one very large piece makes it longer.</summary>
    private static IEnumerable<string> InParts(IEnumerable<ImportedSeries> pieces, CalendarHead head)
    {
        var (writer, text, items) = (new CalendarWriter(head), new StringBuilder(), 0);
        foreach (var piece in pieces)
        {
            text.Append(items == 0 ? writer.Begin() : "").Append(writer.AddSeries(piece));
            items += 1 + piece.Overrides.Count;
            if (items >= PerPart || text.Length >= LongestPart)
            {
                yield return text.Append(CalendarWriter.End()).ToString();
                (writer, text, items) = (new(head), new(), 0);
            }
        }

        if (items > 0)
        {
            yield return text.Append(CalendarWriter.End()).ToString();
        }
    }

    private async Task<Refusal?> Send(string text, FileResult result, CancellationToken stopped)
    {
        var reply = await desk.RunText("import-calendar", new { calendar }, text, stopped);
        if (reply.Refusal is { } refusal)
        {
            return refusal;
        }

        var imported = (ImportedCalendar)reply.Result!;
        result.Saved += imported.Saved;
        result.Unchanged += imported.Unchanged;
        foreach (var skipped in imported.Skipped)
        {
            result.Skip(skipped.Reason);
        }

        return null;
    }

    /// <summary>The calendar's zone, which times without one are in.</summary>
    private async Task<string> Zone(CancellationToken stopped)
    {
        var reply = await desk.Run("get-calendars", new { calendars = new[] { calendar } }, stopped);
        return (reply.Result as GetCalendarsResult)?.Calendars is [{ TimeZone: { } zone }] ? zone : "UTC";
    }

    /// <summary>Says how far reading has come.</summary>
    private sealed class CountingReader(string text, Action<long> advance) : StringReader(text)
    {
        public override int Read(char[] buffer, int index, int count)
        {
            var read = base.Read(buffer, index, count);
            advance(read);
            return read;
        }
    }
}
