namespace Kalends.Availability;

/// <summary>One calendar's <see cref="OpenHours"/> as JSON. The version grows by one each time they are set.</summary>
public sealed record OpenHoursRow(long Calendar, long Version, string Json);

public interface IOpenHoursRows
{
    /// <summary>The rows of those calendars that have any; most have none.</summary>
    ValueTask<IReadOnlyList<OpenHoursRow>> Find(IReadOnlyCollection<long> calendars);
}

public interface IOpenHoursWrites : IOpenHoursRows
{
    /// <summary>Inserts or replaces it.</summary>
    ValueTask Save(OpenHoursRow row);
}
