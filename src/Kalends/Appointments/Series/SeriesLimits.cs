namespace Kalends.Appointments;

/// <summary>How large a series may be and how far ahead it is worked out. Each has its reason; all answer with an error that names them.</summary>
public static class SeriesLimits
{
    /// <summary>Years ahead that occurrences are stored; beyond, queries work them out of the rules.</summary>
    public const int YearsStored = 2;

    /// <summary>Years ahead that a series in a calendar without double-booking is checked: as far as one query can look from today.</summary>
    public const int YearsChecked = 5;

    /// <summary>
    /// Years ahead that rules which may come more often than every minute are worked out when they are saved: all the years there are, of any
    /// length and beginning. What they ask for in one year alone would otherwise be found by those who look at that year.
    /// </summary>
    public const int YearsOfFine = 28;

    /// <summary>Every hour of two years is 17,544; what comes more often is no appointment but a timer.</summary>
    public const int StoredOccurrences = 20_000;

    /// <summary>Of all its attendees until two years from now: fifty people every hour. What changes in all of them changes in one transaction.</summary>
    public const int StoredAttendances = 1_000_000;

    /// <summary>Steps (<see cref="Recurrence.StepBudget"/>) that checking the series of one request may take: 5,000 weekly ones from 1990.</summary>
    public const int StepsPerCall = 20_000_000;

    /// <summary>Attendances that one request may ask rooms for, up to five years ahead; more is several requests.</summary>
    public const int WantedPerCall = 2_000_000;

    /// <summary>Dates added, and dates excluded, each: a daily series with an exception every other day for 25 years.</summary>
    public const int Dates = 5_000;

    /// <summary>Rules beside the first, and rules that exclude, each; real files have one, and files of others' tests up to five.</summary>
    public const int Rules = 20;

    /// <summary>
    /// Attendances that one transaction lays; one or two seconds of writing. What is left of a series then is answered from its rules until
    /// update-occurrences has laid it.
    /// </summary>
    public const int LaidPerCall = 200_000;

    /// <summary>The same for one part of update-occurrences, between which others write.</summary>
    public const int LaidPerPart = 20_000;
}
