using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;

namespace Kalends.ICalendar;

/// <summary>
/// The lines of one component as they stand in the text, with the components inside it. Only properties that Kalends reads are kept, so
/// that what a file carries besides (inline files above all) costs nothing. <see cref="Fault"/> says why it cannot be used.
/// </summary>
internal sealed class RawComponent(string name)
{
    private static readonly FrozenSet<string> Kept = new[]
    {
        "UID", "SUMMARY", "DESCRIPTION", "LOCATION", "DTSTART", "DTEND", "DURATION", "STATUS", "TRANSP", "CLASS", "ORGANIZER", "ATTENDEE",
        "URL", "ATTACH", "CREATED", "LAST-MODIFIED", "RRULE", "RDATE", "EXRULE", "EXDATE", "RECURRENCE-ID", "SEQUENCE",
        "TRIGGER", "ACTION",
        "X-MICROSOFT-CDO-BUSYSTATUS", "X-MICROSOFT-CDO-ALLDAYEVENT", "TZID", "X-LIC-LOCATION", "TZOFFSETFROM", "TZOFFSETTO",
        "X-KALENDS-METADATA", "X-KALENDS-LINKS", "X-KALENDS-DURATION", "X-KALENDS-CHANNEL",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private const int LongestShown = 200;

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> KeptNames = Kept.GetAlternateLookup<ReadOnlySpan<char>>();

    public string Name => name;

    public List<ContentLine> Lines { get; } = [];

    public List<RawComponent> Children { get; } = [];

    public Fault? Fault { get; set; }

    /// <summary>
    /// RFC 5545 §3.8.4.7 asks for one. An event without is known by what it says, so that importing it again finds it again.
    /// </summary>
    public string UidOrMade => Uid ?? Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Join('\n', Lines.Select(line => $"{line.Name};{line.Parameter("TZID")}:{line.Value}")))))[..32] + "@content";

    /// <summary>A name is one line: what would break it is a space.</summary>
    public string? Uid => First("UID") is { } line
        && TextValues.Unescape(line.Value).Replace('\n', ' ').Replace('\t', ' ').Trim() is { Length: > 0 } uid ? uid : null;

    /// <summary>The UID as a report may show it.</summary>
    public string? ShownUid => Uid is { Length: > LongestShown } uid ? uid[..LongestShown] + "…" : Uid;

    public ContentLine? First(string property) => Lines.Find(line => line.Name == property);

    public IEnumerable<ContentLine> All(string property) => Lines.Where(line => line.Name == property);

    /// <summary>Keeps a line if it is one to be read; the answer is how many characters it added.</summary>
    public int Add(string line, bool wasCut, int room)
    {
        if (!KeptNames.Contains(ContentLine.NameOf(line)) || ContentLine.Parse(line) is not { } parsed || IsInlineFile(parsed))
        {
            return 0;
        }

        if (wasCut)
        {
            Fault = new(SkipCode.TooLarge, $"the line of {parsed.Name} is too long");
        }
        else if (room < line.Length)
        {
            Fault = new(SkipCode.TooLarge, "the item is too long");
        }
        else
        {
            Lines.Add(parsed);
        }

        return line.Length;
    }

    /// <summary>RFC 5545 §3.8.1.1: ATTACH with its bytes in the line. Kalends keeps references only.</summary>
    private static bool IsInlineFile(ContentLine line) =>
        line.Name == "ATTACH" && (line.Has("VALUE", "BINARY") || line.Parameter("ENCODING") is not null);
}

/// <summary>Why a component cannot be used.</summary>
internal sealed record Fault(SkipCode Code, string Reason);
