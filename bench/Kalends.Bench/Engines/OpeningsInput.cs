using Kalends.Availability;

namespace Kalends.Bench.Engines;

/// <summary>The questions that are measured. Small ones take no time, so that the tests can hold what they answer.</summary>
public sealed class OpeningsInput
{
    private readonly int weeks;
    private readonly Lazy<OpeningsRequest> years;

    public OpeningsInput(bool full)
    {
        weeks = full ? 4 : 1;
        var (team, company, years) = full ? (50, 500, 260) : (8, 20, 4);
        Team = [.. Enumerable.Range(0, team).Select(person => new WorkingWeeks((ulong)person).Calendar(weeks, 25))];
        var busy = new WorkingWeeks(1).Timelines(team, weeks, 25);
        var quiet = new WorkingWeeks(2).Timelines(team, weeks, 2);
        var large = new WorkingWeeks(3).Timelines(company, weeks, 25);
        var rooms = new WorkingWeeks(4).Timelines(team / 2, weeks, 25);
        Busy = Ask(weeks, AttendeeGroup.Everyone(busy));
        Quiet = Ask(weeks, AttendeeGroup.Everyone(quiet));
        Company = Ask(weeks, AttendeeGroup.Everyone(large));
        Quorums = Ask(weeks, AttendeeGroup.Everyone(quiet[..4]), AttendeeGroup.AtLeast(team / 4, busy), AttendeeGroup.AtLeast(1, rooms));
        this.years = new(() => Ask(years, AttendeeGroup.Everyone(new WorkingWeeks(5).Timelines(company, years, 25))));
    }

    /// <summary>As many people as a large team, 25 appointments a week each, as blocks.</summary>
    public Block[][] Team { get; }

    /// <summary>That team in open hours: most moments are refused.</summary>
    public OpeningsRequest Busy { get; }

    /// <summary>The same with two appointments a week each: many openings.</summary>
    public OpeningsRequest Quiet { get; }

    public OpeningsRequest Company { get; }

    /// <summary>Four who must come, a quarter of the team, and a room.</summary>
    public OpeningsRequest Quorums { get; }

    /// <summary>The whole company over five years; made when first asked for.</summary>
    public OpeningsRequest Years => years.Value;

    public Timeline[] BuildTimelines() =>
        Array.ConvertAll(Team, blocks => Timeline.Build(blocks, WorkingWeeks.Monday, WorkingWeeks.Monday + (weeks * WorkingWeeks.Week)));

    private static OpeningsRequest Ask(int weeks, params AttendeeGroup[] groups) =>
        new() { From = WorkingWeeks.Monday, To = WorkingWeeks.Monday + (weeks * WorkingWeeks.Week), Groups = groups };
}
