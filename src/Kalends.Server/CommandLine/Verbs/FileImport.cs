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
/// Imports a file of any size with the import-calendar command: read item by item, written out again in parts that one command takes. What
/// the reader skips is counted here; what the command skips is counted from its answer.
/// </summary>
internal sealed class FileImport(Desk desk, CalendarId calendar)
{
    /// <summary>A part is one transaction: small enough that others get to write between two.</summary>
    private const int PerPart = 2_000;

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
        using var counted = new CountingReader(text, advance);
        foreach (var part in CalendarReader.Read(counted, new() { FloatingZone = zone }).Chunk(PerPart))
        {
            foreach (var skipped in part.OfType<CalendarItem.Skipped>())
            {
                if (skipped.Code == SkipCode.NotICalendar)
                {
                    result.Error = skipped.Reason;
                    return;
                }

                result.Skip(skipped.Reason);
            }

            var read = part.OfType<CalendarItem.Read>().Select(item => item.Appointment).ToList();
            if (read.Count > 0 && await Send(read, zone, result, stopped) is { } refusal)
            {
                result.Error = refusal.Detail;
                return;
            }
        }
    }

    private async Task<Refusal?> Send(List<Appointment> appointments, string zone, FileResult result, CancellationToken stopped)
    {
        var head = new CalendarHead(null, zone, NodaTime.Instant.FromUnixTimeSeconds(0));
        var text = new StringBuilder().AppendJoin("", CalendarWriter.Write(appointments, head)).ToString();
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
