using System.Globalization;
using Kalends.Bench.Load;
using Npgsql;

namespace Kalends.Bench.Access;

/// <summary>
/// A company's relations in numbers: teams in departments of ten teams in divisions of ten departments, each person a member of three teams. What a
/// calendar is granted to is a division, and somebody.
/// </summary>
internal static class Relations
{
    public const string Someone = "user:someone-";

    /// <summary>Fills the table, behind the store's back, with about so many tuples; says how many there are, and of how many people.</summary>
    public static async Task<(long Tuples, int People)> Fill(string connectionString, int wanted, int calendars)
    {
        var people = Math.Max(10, wanted / 10);
        var teams = Math.Max(100, people / 10);
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await Add(connection, $"'group:team-' || (p * 7 + n * 977) % {teams}, 'member', '{Someone}' || p FROM generate_series(1, {people}) p, generate_series(1, 3) n");
        await Add(connection, $"'group:department-' || t / 10, 'member', 'group:team-' || t || '#member' FROM generate_series(0, {teams - 1}) t");
        await Add(connection, $"'group:division-' || d / 10, 'member', 'group:department-' || d || '#member' FROM generate_series(0, {teams / 10}) d");
        foreach (var number in Enumerable.Range(0, calendars))
        {
            await Add(connection, string.Create(
                CultureInfo.InvariantCulture,
                $"'calendar:{Company.Person(number).Value}', 'viewer', 'group:division-{number % Math.Max(1, teams / 100)}#member'"));
        }

        await Add(connection, $"'calendar:{Someone}' || i % {people}, 'free-busy-viewer', '{Someone}' || (i::bigint * 7919 + i / {people} * 31) % {people} "
            + $"FROM generate_series(1, {Math.Max(1, wanted - (3 * people) - teams)}) i");
        await Run(connection, "INSERT INTO relation_state SELECT key, 1, false FROM tenant ON CONFLICT (tenant) DO NOTHING");
        await Run(connection, "ANALYZE relation");
        await using var count = new NpgsqlCommand("SELECT count(*) FROM relation", connection);
        return ((long)(await count.ExecuteScalarAsync())!, people);
    }

    /// <summary>As after somebody changed a relation: what is remembered does not hold any more.</summary>
    public static async Task Raise(string connectionString)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await Run(connection, "UPDATE relation_state SET version = version + 1");
    }

    public static async Task Run(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 600 };
        await command.ExecuteNonQueryAsync();
    }

    private static Task Add(NpgsqlConnection connection, string selected) =>
        Run(connection, $"INSERT INTO relation SELECT (SELECT min(key) FROM tenant), {selected} ON CONFLICT DO NOTHING");
}
