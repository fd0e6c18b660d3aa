namespace Kalends.Appointments;

/// <summary>How large an appointment, and a call about appointments, may be. Each has its reason; all answer with an error that names them.</summary>
public static class AppointmentLimits
{
    /// <summary>A new user's first sync is 1,300 and a whole year of a busy person 5,000; more is several calls.</summary>
    public const int PerCall = 5_000;

    /// <summary>As many people as one query looks at together.</summary>
    public const int Attendees = 500;

    /// <summary>One line in any client.</summary>
    public const int Title = 1_000;

    /// <summary>A long invitation text with its conference details, and no document.</summary>
    public const int Description = 64_000;

    public const int Location = 1_000;

    public const int Uid = 1_000;

    public const int Uri = 2_000;

    /// <summary>Links, and attachments, each.</summary>
    public const int Links = 50;

    public const int Reminders = 20;

    public const int MetadataEntries = 50;

    public const int MetadataKey = 100;

    public const int MetadataValue = 1_000;

    /// <summary>Five years: the longest timespan a query covers.</summary>
    public const int LongestDays = 1_830;

    /// <summary>A reminder further ahead is an appointment of its own.</summary>
    public const int ReminderDays = 366;
}
