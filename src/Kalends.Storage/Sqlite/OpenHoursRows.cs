using System.Text.Json;
using Kalends.Availability;

namespace Kalends.Storage.Sqlite;

/// <summary>Open hours: one row for each calendar that anybody ever set some for, so most lookups end in the index.</summary>
internal sealed class OpenHoursRows(SqliteSession session) : IOpenHoursWrites
{
    private const string FindSql =
        "SELECT calendar, version, body FROM json_each(?2) CROSS JOIN open_hours ON tenant = ?1 AND calendar = value";

    private const string SaveSql = """
        INSERT INTO open_hours (tenant, calendar, version, body) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (tenant, calendar) DO UPDATE SET version = ?3, body = ?4
        """;

    public ValueTask<IReadOnlyList<OpenHoursRow>> Find(IReadOnlyCollection<long> calendars)
    {
        var found = new List<OpenHoursRow>();
        var rows = session.Prepare(FindSql).WithJson(JsonSerializer.SerializeToUtf8Bytes(calendars));
        while (rows.Step())
        {
            found.Add(new(rows.Long(0), rows.Long(1), rows.Text(2)));
        }

        return ValueTask.FromResult<IReadOnlyList<OpenHoursRow>>(found);
    }

    public ValueTask Save(OpenHoursRow row)
    {
        session.Prepare(SaveSql).With(row.Calendar).With(row.Version).With(row.Json).Run();
        return ValueTask.CompletedTask;
    }
}
