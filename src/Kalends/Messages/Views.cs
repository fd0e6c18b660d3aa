using Kalends.Storage;
using NodaTime;

namespace Kalends.Messages;

/// <summary>A query that shows what lies on calendars: once it is answered, each of these that the caller may see was viewed.</summary>
public interface IShowsCalendars
{
    IEnumerable<CalendarId> Shown { get; }
}

/// <summary>Who was shown which calendars, by one query.</summary>
public readonly record struct Viewing(string Tenant, CalendarId Viewer, IReadOnlyCollection<CalendarId> Calendars, Instant At);
