using Kalends.Availability;

namespace Kalends.Storage.Postgres;

/// <summary>Open hours: one row for each calendar that anybody ever set some for, so most lookups end in the index.</summary>
internal sealed class OpenHoursRows(PostgresSession session) : IOpenHoursWrites
{
    private const string FindSql = "SELECT calendar, version, body FROM open_hours WHERE tenant = $1 AND calendar = ANY ($2)";

    private const string SaveSql = """
        INSERT INTO open_hours (tenant, calendar, version, body) VALUES ($1, $2, $3, $4)
        ON CONFLICT (tenant, calendar) DO UPDATE SET version = excluded.version, body = excluded.body
        """;

    public async ValueTask<IReadOnlyList<OpenHoursRow>> Find(IReadOnlyCollection<long> calendars) =>
        session.Ahead?.OpenHours(calendars) ?? await session.All(Finding(session, calendars), Hours);

    public static Statement Finding(PostgresSession session, IEnumerable<long> calendars) => session.Prepare(FindSql).WithKeys(calendars);

    public static OpenHoursRow Hours(Row row) => new(row.Integer(0), row.Long(1), row.Plain(2));

    public ValueTask Save(OpenHoursRow row)
    {
        session.Later(session.Prepare(SaveSql).WithInteger(row.Calendar).With(row.Version).WithJson(row.Json));
        return ValueTask.CompletedTask;
    }
}
