namespace Kalends.Storage;

public interface ICalendarRows
{
    /// <summary>The known ones among those asked for.</summary>
    ValueTask<IReadOnlyDictionary<CalendarId, Calendar>> Find(IReadOnlyCollection<CalendarId> ids);

    /// <summary>By name from just after <paramref name="after"/>; of one kind when one is given.</summary>
    ValueTask<IReadOnlyList<Calendar>> Page(CalendarKind? kind, CalendarId? after, int limit);
}

public interface ICalendarWrites : ICalendarRows
{
    /// <summary>
    /// The rows of all these calendars, locked in key order until the transaction ends; those nobody named before are made as
    /// <see cref="Calendar.Implied"/> says. Where several write at once, what a session has read since it began or last locked must be on
    /// calendars that it locks next: if any of them has changed in between, <see cref="StoreChangedException"/>.
    /// </summary>
    ValueTask<IReadOnlyDictionary<CalendarId, Calendar>> Lock(IReadOnlyCollection<CalendarId> ids);

    /// <summary>Replaces what the rows say (all but key and version) of calendars that are locked.</summary>
    ValueTask Save(IReadOnlyCollection<Calendar> calendars);
}
