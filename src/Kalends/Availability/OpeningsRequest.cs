namespace Kalends.Availability;

/// <summary>
/// People of whom <paramref name="Required"/> must be free, the same ones from beginning to end. A group of
/// <see cref="Everyone"/> is the plain list of required attendees, of whom nothing is reported; a group of
/// <see cref="AtLeast"/> is one that the caller named as a group, so answers list who of it is free.
/// </summary>
public sealed record AttendeeGroup
{
    private AttendeeGroup(Timeline[] members, int required, bool reportsFree) =>
        (Members, Required, ReportsFree) = (members, required, reportsFree);

    public IReadOnlyList<Timeline> Members { get; }

    /// <summary>How many must be free: 0 to the number of members.</summary>
    public int Required { get; }

    public bool ReportsFree { get; }

    public static AttendeeGroup Everyone(params Timeline[] members) => new(members, members.Length, reportsFree: false);

    public static AttendeeGroup AtLeast(int required, params Timeline[] members)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(required);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(required, members.Length);
        return new(members, required, reportsFree: true);
    }
}

/// <summary>
/// What to look for. Moments are seconds since the Unix epoch, UTC; lengths are seconds. Every timeline must know the window
/// and the buffers around it, <c>[From - BufferBefore, To + BufferAfter)</c>: a caller that forgot them has a bug and is told.
/// </summary>
public sealed record OpeningsRequest
{
    public required long From { get; init; }

    public required long To { get; init; }

    public IReadOnlyList<AttendeeGroup> Groups { get; init; } = [];

    /// <summary>People who would be welcome; they never prevent an opening.</summary>
    public IReadOnlyList<Timeline> Optional { get; init; } = [];

    /// <summary>The shortest opening worth having, or the length of each slot; by default any length, or the step's.</summary>
    public long? Duration { get; init; }

    /// <summary>Asks for slots that begin on whole multiples of this since the Unix epoch, in place of maximal openings.</summary>
    public long? Step { get; init; }

    public long BufferBefore { get; init; }

    public long BufferAfter { get; init; }

    public bool TentativeIsFree { get; init; }

    /// <summary>False: time outside open hours is as good as any other.</summary>
    public bool WithinOpenHours { get; init; } = true;

    /// <summary>For the next page: only openings that begin later than this, the start of the last one seen.</summary>
    public long? After { get; init; }

    public int Limit { get; init; } = int.MaxValue;

    /// <summary>Throws for what only a bug of ours can have let through.</summary>
    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(From, To);
        ArgumentOutOfRangeException.ThrowIfNegative(BufferBefore);
        ArgumentOutOfRangeException.ThrowIfNegative(BufferAfter);
        ArgumentOutOfRangeException.ThrowIfNegative(Limit);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Duration ?? 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Step ?? 1);
        foreach (var timeline in Groups.SelectMany(group => group.Members).Concat(Optional))
        {
            if (timeline.From > From - BufferBefore || timeline.To < To + BufferAfter)
            {
                throw new ArgumentException($"A timeline of [{timeline.From}, {timeline.To}) does not cover the window and its buffers.");
            }
        }
    }
}

/// <summary>
/// A time that suits. <paramref name="Free"/> has a list for each group made by <see cref="AttendeeGroup.AtLeast"/>, in their
/// order: the indexes of the members who are free throughout. <paramref name="Missing"/> are the indexes of the optional people
/// who are not.
/// </summary>
public sealed record Opening(long From, long To, int[][] Free, int[] Missing);
