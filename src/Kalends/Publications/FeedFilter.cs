using Kalends.Availability;
using Kalends.Messages;
using Kalends.Reminders;
using Kalends.Storage;

namespace Kalends.Publications;

/// <summary>What a listener asks to hear: of these calendars, of these types; null is all.</summary>
public sealed record FeedFilter(IReadOnlySet<CalendarId>? Calendars, IReadOnlySet<string>? Types)
{
    public const string Created = "kalends.appointment.created.v1";

    public const string Modified = "kalends.appointment.modified.v1";

    public const string Deleted = "kalends.appointment.deleted.v1";

    public static readonly FeedFilter All = new(null, null);

    /// <summary>All types of publications.</summary>
    public static readonly IReadOnlySet<string> Known = new HashSet<string>(StringComparer.Ordinal)
    {
        Created, Modified, Deleted, ReminderPublication.Received, ReminderPublication.Failed,
    };

    /// <summary>From what the address says, each fault noted.</summary>
    public static FeedFilter Of(IReadOnlyList<string> calendars, IReadOnlyList<string> types, Errors errors)
    {
        errors.AtMost(QueryLimits.Attendees, calendars.Count, "calendar");
        errors.Each("calendar", calendars, (calendar, at) => at.Require(
            calendar.Length is > 0 and <= CalendarId.LongestId && !calendar.Any(char.IsControl),
            "must be a calendar of 1 to 255 characters without control characters, such as user:ana"));
        errors.Each("type", types, (type, at) => at.Require(Known.Contains(type), $"must be one of {string.Join(", ", Known)}"));
        return new(
            calendars.Count == 0 ? null : calendars.Select(calendar => new CalendarId(calendar)).ToHashSet(),
            types.Count == 0 ? null : types.ToHashSet(StringComparer.Ordinal));
    }

    /// <summary>The same for filters that take the same. Neither calendars nor types have control characters.</summary>
    public string Text { get; } = $"{Joined(Calendars?.Select(calendar => calendar.Value))}\n\n{Joined(Types)}";

    public bool Takes(CalendarId calendar) => Calendars is null || Calendars.Contains(calendar);

    private static string Joined(IEnumerable<string>? names) => names is null ? "" : string.Join('\n', names.Order(StringComparer.Ordinal));
}
