using System.Text.RegularExpressions;
using Kalends.Availability;
using Kalends.Storage;

namespace Kalends.ICalendar;

/// <summary>
/// Calendar ids as calendar addresses (RFC 5545 §3.3.3) and back. An id that is a prefix and an e-mail address becomes
/// <c>mailto:</c> where the prefix can be read off the CUTYPE again: <c>user:ana@example.com</c>, <c>room:b12@example.com</c> as a
/// resource, <c>group:all@example.com</c>. Every other id becomes <c>urn:x-kalends:</c> and the id, percent-encoded.
/// </summary>
internal static partial class CalendarAddresses
{
    private const string Mail = "mailto:";
    private const string Own = "urn:x-kalends:";

    /// <summary>CUTYPE (RFC 5545 §3.2.3) of an attendee, null for a person.</summary>
    public static string? KindOf(CalendarId id, AttendeeRole? role) => role == AttendeeRole.Resource
        ? id.ImpliedKind == CalendarKind.Room ? "ROOM" : "RESOURCE"
        : id.ImpliedKind == CalendarKind.Group ? "GROUP" : null;

    public static string ToUri(CalendarId id, string? kind)
    {
        var prefix = Prefix(kind);
        return id.Value.StartsWith(prefix, StringComparison.Ordinal) && Address().IsMatch(id.Value.AsSpan(prefix.Length))
            ? Mail + id.Value[prefix.Length..]
            : Own + Uri.EscapeDataString(id.Value);
    }

    /// <summary>
    /// The calendar that a CAL-ADDRESS means, or null when it names nobody. Addresses are taken in lower case: nobody is two people by
    /// the case of their mail. Another URI stands for itself, or for the EMAIL parameter (RFC 7986 §6.2) beside it.
    /// </summary>
    public static CalendarId? FromLine(ContentLine line)
    {
        var uri = line.Value.Trim();
        var id = uri switch
        {
            _ when uri.StartsWith(Own, StringComparison.OrdinalIgnoreCase) => Unescaped(uri[Own.Length..]),
            _ when uri.StartsWith(Mail, StringComparison.OrdinalIgnoreCase) => FromMail(uri[Mail.Length..], line),
            _ when line.Parameter("EMAIL") is { } mail && mail.Contains('@', StringComparison.Ordinal) => FromMail(mail, line),
            _ when uri.Contains('@', StringComparison.Ordinal) && !uri.Contains(':', StringComparison.Ordinal) => FromMail(uri, line),
            _ => uri,
        };
        return id.Length is > 0 and <= CalendarId.LongestId && !id.Any(char.IsControl) ? new CalendarId(id) : null;
    }

    public static bool IsResource(ContentLine line) => line.Has("CUTYPE", "ROOM") || line.Has("CUTYPE", "RESOURCE");

    private static string FromMail(string mail, ContentLine line)
    {
        var address = Unescaped(mail.Split('?')[0]).Trim().ToLowerInvariant();
        return address.Length == 0 ? "" : Prefix(line.Parameter("CUTYPE")?.Trim().ToUpperInvariant()) + address;
    }

    private static string Prefix(string? kind) => kind switch { "ROOM" or "RESOURCE" => "room:", "GROUP" => "group:", _ => "user:" };

    private static string Unescaped(string text) => TextValues.Clean(Uri.UnescapeDataString(text));

    /// <summary>Only what needs no escape in a URI and reads back the same: plain lower-case addresses.</summary>
    [GeneratedRegex(@"^[a-z0-9._+-]{1,64}@[a-z0-9.-]{1,185}\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant)]
    private static partial Regex Address();
}
