using System.Globalization;

namespace Kalends.Tests.Faults;

/// <summary>
/// How long the tests of faults go on. A normal run is short; KALENDS_FAULT_ROUNDS sets the number of kills and of stops of each kind,
/// KALENDS_RACE_SECONDS the length of the race.
/// </summary>
internal static class Rounds
{
    public static int Kills { get; } = Number("KALENDS_FAULT_ROUNDS", 2);

    public static int RaceSeconds { get; } = Number("KALENDS_RACE_SECONDS", 6);

    private static int Number(string name, int normal) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var set) ? set : normal;
}
