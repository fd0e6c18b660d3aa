using Kalends.Availability;

namespace Kalends.Tests.Availability;

/// <summary>
/// Answers a scene by the definition alone: time is cut into cells, for each cell and calendar a boolean says whether something is
/// in the way, and every span, slot and group is tried. Shares no code and no idea with the engine: no runs, no sweeps, no
/// widening of appointments. Counts of set cells up to each cell stand in for looking at them again.
/// </summary>
public sealed class CellOracle
{
    private readonly Scene scene;
    private readonly int length;
    private readonly int before;
    private readonly int after;
    private readonly int[][] appointmentsUpTo;
    private readonly int[][] closedUpTo;

    public CellOracle(Scene scene)
    {
        this.scene = scene;
        length = Cells(scene.To - scene.From);
        (before, after) = (Cells(scene.Rules.Before), Cells(scene.Rules.After));
        appointmentsUpTo = [.. scene.Calendars.Select(blocks => UpTo(blocks.Where(IsAppointmentInTheWay)))];
        closedUpTo = [.. scene.Calendars.Select(blocks => UpTo(blocks.Where(IsClosedInTheWay)))];
    }

    public List<Opening> Openings() => scene.Rules.Step is { } step ? Slots(step) : Maximal();

    public List<NearMiss> NearMisses(int count)
    {
        var (duration, step) = (scene.Rules.Duration ?? scene.Rules.Step ?? 1800, scene.Rules.Step ?? 900);
        var slots = Enumerable.Range(0, length + 1)
            .Where(cell => IsOnGrid(cell, step) && (cell * scene.Cell) + duration <= scene.To - scene.From)
            .Select(cell => new NearMiss(Moment(cell), Moment(cell) + duration, Blockers(cell, cell + Cells(duration))))
            .Where(slot => slot.BlockedBy.Length > 0)
            .OrderBy(slot => slot.BlockedBy.Length).ThenBy(slot => slot.From);
        var picked = new List<NearMiss>();
        foreach (var slot in slots)
        {
            if (picked.Count < count && picked.TrueForAll(other => other.To <= slot.From || slot.To <= other.From))
            {
                picked.Add(slot);
            }
        }

        return picked;
    }

    private List<Opening> Maximal()
    {
        var found = new List<Opening>();
        var shortest = Cells(scene.Rules.Duration ?? scene.Cell);
        for (var from = 0; from < length; from++)
        {
            // What is not right for a span is not right for a longer one.
            for (var to = from + 1; to <= length && IsRight(from, to); to++)
            {
                var grows = (from > 0 && IsRight(from - 1, to)) || (to < length && IsRight(from, to + 1));
                if (!grows && to - from >= shortest)
                {
                    found.Add(Describe(from, to));
                }
            }
        }

        return found;
    }

    private List<Opening> Slots(long step)
    {
        var found = new List<Opening>();
        var duration = Cells(scene.Rules.Duration ?? step);
        for (var from = 0; from + duration <= length; from++)
        {
            if (IsOnGrid(from, step) && IsRight(from, from + duration))
            {
                found.Add(Describe(from, from + duration));
            }
        }

        return found;
    }

    private bool IsRight(int from, int to) =>
        Array.TrueForAll(scene.Groups, group => group.Members.Count(member => IsFree(member, from, to)) >= group.Required);

    private Opening Describe(int from, int to) => new(
        Moment(from),
        Moment(to),
        [.. scene.Groups.Where(group => !group.Everyone).Select(group => Positions(group.Members, member => IsFree(member, from, to)))],
        Positions(scene.Optional, member => !IsFree(member, from, to)));

    private Blocker[] Blockers(int from, int to) =>
        [.. scene.Groups.SelectMany((group, index) => InTheWay(group, from, to)
            .Select(place => new Blocker(index, place, Reason(group.Members[place], from, to))))];

    private int[] InTheWay(SceneGroup group, int from, int to)
    {
        var blocked = Positions(group.Members, member => !IsFree(member, from, to));
        return group.Members.Length - blocked.Length >= group.Required ? [] : blocked;
    }

    private BlockState Reason(int member, int from, int to)
    {
        var touching = scene.Calendars[member].Where(block =>
            (IsAppointmentInTheWay(block) && Touches(block, from - before, to + after))
            || (IsClosedInTheWay(block) && Touches(block, from, to)));
        return touching.Select(block => block.State == BlockState.Unavailable ? BlockState.Closed : block.State).Max();
    }

    private bool Touches(Block block, int from, int to) =>
        Enumerable.Range(from, to - from).Any(cell => block.From <= Moment(cell) && Moment(cell) < block.To);

    private bool IsFree(int member, int from, int to) =>
        closedUpTo[member][to + before] == closedUpTo[member][from + before]
        && appointmentsUpTo[member][to + after + before] == appointmentsUpTo[member][from];

    private bool IsAppointmentInTheWay(Block block) =>
        block.State is BlockState.Held or BlockState.Busy or BlockState.OutOfOffice or BlockState.Unavailable
        || (block.State == BlockState.Tentative && !scene.Rules.TentativeIsFree);

    private bool IsClosedInTheWay(Block block) => block.State == BlockState.Closed && scene.Rules.WithinOpenHours;

    /// <summary>Index i: how many of the first i cells, from the buffer before the window on, are touched.</summary>
    private int[] UpTo(IEnumerable<Block> blocks)
    {
        var touched = new bool[before + length + after];
        foreach (var block in blocks)
        {
            for (var cell = 0; cell < touched.Length; cell++)
            {
                touched[cell] |= block.From <= Moment(cell - before) && Moment(cell - before) < block.To;
            }
        }

        var counts = new int[touched.Length + 1];
        for (var cell = 0; cell < touched.Length; cell++)
        {
            counts[cell + 1] = counts[cell] + (touched[cell] ? 1 : 0);
        }

        return counts;
    }

    private static int[] Positions(int[] members, Func<int, bool> chosen) =>
        [.. Enumerable.Range(0, members.Length).Where(place => chosen(members[place]))];

    private bool IsOnGrid(int cell, long step) => Moment(cell) % step == 0;

    private long Moment(int cell) => scene.From + (cell * scene.Cell);

    private int Cells(long seconds) =>
        seconds % scene.Cell == 0 ? (int)(seconds / scene.Cell) : throw new InvalidOperationException("A scene off its cells.");
}
