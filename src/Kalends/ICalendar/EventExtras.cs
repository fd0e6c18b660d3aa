using System.Globalization;
using System.Text.Json;
using Kalends.Appointments;
using Kalends.Messages.Json;

namespace Kalends.ICalendar;

/// <summary>Links, attachments by reference and the application's own map. What iCalendar has no property for is JSON in an X-KALENDS one.</summary>
internal static class EventExtras
{
    /// <summary>URL (RFC 5545 §3.8.4.6) is one link without a title; more than that stands in X-KALENDS-LINKS, as long as the two agree.</summary>
    public static IReadOnlyList<Link>? Links(RawComponent item)
    {
        var url = item.First("URL")?.Value.Trim();
        if (url is null || !LeadsSomewhere(url))
        {
            return null;
        }

        return Json<List<Link>>(item, "X-KALENDS-LINKS") is { Count: > 0 } links
            && links.TrueForAll(link => link?.Uri is not null) && Writable(links[0].Uri) == url
            ? [.. links.Select(link => link with { Title = link.Title is { } title ? TextValues.Clean(title) : null })]
            : [new() { Uri = url }];
    }

    /// <summary>ATTACH (§3.8.1.1) with FMTTYPE, and FILENAME and SIZE of RFC 8607.</summary>
    public static IReadOnlyList<Attachment>? Attachments(RawComponent item)
    {
        var attachments = item.All("ATTACH").Where(line => LeadsSomewhere(line.Value.Trim())).Select(line => new Attachment
        {
            Uri = line.Value.Trim(),
            Title = line.Parameter("FILENAME") is { Length: > 0 } title ? title : null,
            MediaType = line.Parameter("FMTTYPE") is { Length: > 0 } type ? type : null,
            Size = long.TryParse(line.Parameter("SIZE"), NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : null,
        }).ToList();
        return attachments.Count > 0 ? attachments : null;
    }

    public static IReadOnlyDictionary<string, string>? Metadata(RawComponent item) =>
        Json<Dictionary<string, string>>(item, "X-KALENDS-METADATA") is { Count: > 0 } metadata && !metadata.ContainsValue(null!)
            ? metadata.ToDictionary(entry => entry.Key, entry => TextValues.Clean(entry.Value))
            : null;

    /// <summary>An absolute URI; anything else (a file's bare name, a word) leads nowhere from here and is left out.</summary>
    private static bool LeadsSomewhere(string uri) => Uri.TryCreate(uri, UriKind.Absolute, out _);

    /// <summary>A URI as it can stand in a line: whatever could end the line, or the URI, is percent-encoded.</summary>
    public static string Writable(string uri) => string.Concat(uri.EnumerateRunes().Select(rune =>
        rune.Value <= ' ' || rune.Value is 0x2028 or 0x2029 || System.Text.Rune.IsControl(rune) ? Uri.EscapeDataString(rune.ToString()) : rune.ToString()));

    private static T? Json<T>(RawComponent item, string property)
        where T : class
    {
        try
        {
            return item.First(property) is { } line ? JsonSerializer.Deserialize<T>(TextValues.Unescape(line.Value), WireJson.Options) : null;
        }
        catch (JsonException)
        {
            // Somebody else's property of the same name, or damage: the event is whole without it.
            return null;
        }
    }
}
