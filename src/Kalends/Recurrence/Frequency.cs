namespace Kalends.Recurrence;

/// <summary>How often a rule's periods come, finest first, so that comparisons read as "at least daily" (RFC 5545 §3.3.10, FREQ).</summary>
public enum Frequency : byte
{
    Secondly = 0,
    Minutely = 1,
    Hourly = 2,
    Daily = 3,
    Weekly = 4,
    Monthly = 5,
    Yearly = 6,
}

/// <summary>What becomes of a day that a month or year does not have, such as 30 February (RFC 7529 §4, SKIP).</summary>
public enum SkipPolicy : byte
{
    /// <summary>It is left out, as RFC 5545 does.</summary>
    Omit = 0,

    /// <summary>The day before the missing one that exists.</summary>
    Backward = 1,

    /// <summary>The day after.</summary>
    Forward = 2,
}
