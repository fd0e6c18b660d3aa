using Kalends.Schedules;

namespace Kalends.Server.Http;

/// <summary>When the program does by itself what it does again and again, section <c>Kalends:Schedules</c>: rules as series have them.</summary>
public sealed record ScheduleSettings
{
    /// <summary>On whose wall the rules are meant.</summary>
    public string Zone { get; init; } = new ScheduleRules().Zone;

    /// <summary>When series are stored further, two years ahead.</summary>
    public string UpdateOccurrences { get; init; } = new ScheduleRules().UpdateOccurrences;

    /// <summary>When what is old is forgotten.</summary>
    public string Housekeeping { get; init; } = new ScheduleRules().Housekeeping;

    public ScheduleRules Rules() => new() { Zone = Zone, UpdateOccurrences = UpdateOccurrences, Housekeeping = Housekeeping };
}
