using Kalends.Appointments;

namespace Kalends.ICalendar;

/// <summary>One component of an iCalendar text: an appointment, or why it is not one.</summary>
public abstract record CalendarItem
{
    private CalendarItem()
    {
    }

    /// <summary>
    /// An event that reads as an appointment. It has no id, version or span; its owner is the ORGANIZER where there is one. A series has
    /// its Recurrence; how items of one UID belong together <see cref="SeriesGrouping"/> works out.
    /// </summary>
    public sealed record Read(Appointment Appointment) : CalendarItem
    {
        /// <summary>RECURRENCE-ID: the event stands for one occurrence of the series with its UID. Null for a series or a single one.</summary>
        public NamedOccurrence? Occurrence { get; init; }

        /// <summary>SEQUENCE (RFC 5545 §3.8.7.4): of two versions of one event the higher is the newer.</summary>
        public int Sequence { get; init; }

        /// <summary>Occurrences that RDATE gives an end of their own (VALUE=PERIOD, §3.8.5.2); each stands in Added too, or is the start.</summary>
        public IReadOnlyList<AddedPeriod> Periods { get; init; } = [];
    }

    /// <summary>A component that was left out. The reason is a sentence that somebody can act on.</summary>
    public sealed record Skipped(string? Uid, SkipCode Code, string Reason) : CalendarItem;
}

public enum SkipCode
{
    /// <summary>Well-formed and meant, but Kalends has nothing for it yet.</summary>
    NotSupportedYet,

    /// <summary>A task, a journal entry, free/busy time: no appointment at all.</summary>
    NotAnAppointment,

    /// <summary>Something in it contradicts RFC 5545 or itself.</summary>
    Invalid,

    /// <summary>A limit of <see cref="CalendarReading"/> or of the appointment model.</summary>
    TooLarge,

    /// <summary>The text holds no calendar.</summary>
    NotICalendar,
}

/// <summary>How a text is to be read. Lengths are in characters.</summary>
public sealed record CalendarReading
{
    public static readonly CalendarReading Usual = new();

    /// <summary>The zone that times without one ("floating") are in: the calendar's. An IANA name.</summary>
    public string FloatingZone { get; init; } = "UTC";

    /// <summary>Of a line after unfolding. A longer one is dropped, with its item when the item needs it; inline files are never needed.</summary>
    public int LongestLine { get; init; } = 1_000_000;

    /// <summary>Lines of one item that are kept: 5,000 dates excluded and as many added, each on its own line, and 500 attendees fit.</summary>
    public int MostLines { get; init; } = 12_000;

    /// <summary>Of one item, in the lines that are kept.</summary>
    public int LongestItem { get; init; } = 2_000_000;

    /// <summary>Components inside an item: an alarm is one deep, RFC 9073's are two.</summary>
    public int DeepestNesting { get; init; } = 8;

    /// <summary>Components of any kind; reading ends with a <see cref="SkipCode.TooLarge"/> item after so many.</summary>
    public int MostItems { get; init; } = 1_000_000;
}
