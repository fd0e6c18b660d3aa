using System.Globalization;
using System.Net;
using System.Text;
using Kalends.Reminders;
using Kalends.Time;
using NodaTime;
using NodaTime.Text;

namespace Kalends.Server.Reminders;

/// <summary>
/// What a reminder says: what, when on the person's wall, where. Texts come from whoever may invite somebody, so they are shown as texts: in one line, without
/// characters that turn what follows around, and with nothing that a mail program would make a link of.
/// </summary>
internal static class ReminderText
{
    private const int Longest = 200;

    private const int LongestSms = 300;

    private static readonly LocalDateTimePattern TimePattern = LocalDateTimePattern.CreateWithInvariantCulture("ddd d MMM uuuu, HH:mm");

    private static readonly LocalDatePattern DayPattern = LocalDatePattern.CreateWithInvariantCulture("ddd d MMM uuuu");

    public static string Subject(OutgoingReminder reminder) => $"Reminder: {Title(reminder)}";

    public static string Plain(OutgoingReminder reminder) => string.Join('\n', [.. Lines(reminder), ""]);

    public static string Html(OutgoingReminder reminder) => "<!DOCTYPE html><html><body>"
        + string.Concat(Lines(reminder).Select((line, index) => index == 0 ? $"<p><b>{Escaped(line)}</b></p>" : $"<p>{Escaped(line)}</p>")) + "</body></html>";

    public static string Sms(OutgoingReminder reminder) => Cut(string.Join(" - ", Lines(reminder)), LongestSms);

    /// <summary>All but the title.</summary>
    public static string Details(OutgoingReminder reminder) => string.Join('\n', Lines(reminder).Skip(1));

    public static string Clean(string? text)
    {
        var clean = new StringBuilder();
        foreach (var rune in (text ?? "").EnumerateRunes())
        {
            var category = Rune.GetUnicodeCategory(rune);
            if (category is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator)
            {
                clean.Append(clean is [.., ' '] or { Length: 0 } ? "" : " ");
            }
            else if (category is not (UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned))
            {
                clean.Append(rune);
            }
        }

        var one = clean.ToString().Trim().Replace("://", ": //", StringComparison.Ordinal).Replace("www.", "www .", StringComparison.OrdinalIgnoreCase)
            .Replace("mailto:", "mailto :", StringComparison.OrdinalIgnoreCase);
        return Cut(one, Longest);
    }

    private static string Cut(string text, int most) => text.Length <= most ? text : text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)] + "…";

    private static IEnumerable<string> Lines(OutgoingReminder reminder)
    {
        yield return Title(reminder);
        yield return When(reminder);
        if (Clean(reminder.Says.Location) is { Length: > 0 } place)
        {
            yield return $"Where: {place}";
        }
    }

    public static string Title(OutgoingReminder reminder) => Clean(reminder.Says.Title) is { Length: > 0 } title ? title : "an appointment";

    private static string When(OutgoingReminder reminder)
    {
        var zone = reminder.Person.TimeZone ?? reminder.Says.TimeZone ?? "UTC";
        var local = reminder.Start.InZone(Zones.Get(zone)).LocalDateTime;
        return reminder.Says.AllDay == true ? $"When: {DayPattern.Format(local.Date)}" : $"When: {TimePattern.Format(local)} ({zone})";
    }

    private static string Escaped(string line) => WebUtility.HtmlEncode(line);
}
