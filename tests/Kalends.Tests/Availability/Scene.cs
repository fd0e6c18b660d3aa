using Kalends.Availability;

namespace Kalends.Tests.Availability;

/// <summary>A named set of calendars in a scene: their indexes, and how many must be free.</summary>
public sealed record SceneGroup(int[] Members, int Required, bool Everyone);

/// <summary>
/// One question with all its calendars as plain blocks, from which both the engine and the oracle work. Every moment and length is a whole
/// number of cells, so that an oracle can look at each cell alone. Prints itself so that a failure can be read.
/// </summary>
public sealed record Scene(
    long Cell, long From, long To, Block[][] Calendars, SceneGroup[] Groups, int[] Optional, SceneRules Rules)
{
    public OpeningsRequest Request()
    {
        var timelines = Calendars.Select(Timeline).ToArray();
        return new()
        {
            From = From,
            To = To,
            Groups = [.. Groups.Select(group => Group(group, [.. group.Members.Select(member => timelines[member])]))],
            Optional = [.. Optional.Select(member => timelines[member])],
            Duration = Rules.Duration,
            Step = Rules.Step,
            BufferBefore = Rules.Before,
            BufferAfter = Rules.After,
            TentativeIsFree = Rules.TentativeIsFree,
            WithinOpenHours = Rules.WithinOpenHours,
        };
    }

    /// <summary>The answer in one line an opening, the form in which engine and oracle are compared.</summary>
    public static string Print(IEnumerable<Opening> openings) => string.Join('\n', openings.Select(opening =>
        $"{opening.From}..{opening.To} free {string.Join('|', opening.Free.Select(list => string.Join(',', list)))}"
        + $" missing {string.Join(',', opening.Missing)}"));

    public static string Print(IEnumerable<NearMiss> misses) => string.Join('\n', misses.Select(miss =>
        $"{miss.From}..{miss.To} blocked by {string.Join(' ', miss.BlockedBy)}"));

    public override string ToString() =>
        $"[{From}, {To}) cell {Cell} {Rules} optional {string.Join(',', Optional)}\n"
        + string.Join('\n', Groups.Select(group => $"group {string.Join(',', group.Members)} {group.Required} {group.Everyone}")) + "\n"
        + string.Join('\n', Calendars.Select((blocks, i) => $"{i}: {string.Join(' ', blocks.Select(b => $"{b.State}[{b.From},{b.To})"))}"));

    private static AttendeeGroup Group(SceneGroup group, Timeline[] members) =>
        group.Everyone ? AttendeeGroup.Everyone(members) : AttendeeGroup.AtLeast(group.Required, members);

    private Timeline Timeline(Block[] blocks) =>
        Kalends.Availability.Timeline.Build(blocks, From - Rules.Before, To + Rules.After);
}

public sealed record SceneRules(long? Duration, long? Step, long Before, long After, bool TentativeIsFree, bool WithinOpenHours);
