using System.Reflection;
using Kalends.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace Kalends.Tests.Storage;

/// <summary>
/// No statement may look through a whole table or a whole tenant, foreign keys included: what is quick in a test would be slow in a company.
/// The statements are the constants named …Sql of the store.
/// </summary>
public sealed class SqlitePlanTests : IDisposable
{
    /// <summary>
    /// Reads the last key of a tenant, which SQLite finds at the end of the index; counts a tenant's appointments, before all of them are read; counts what
    /// lies in the queues, for an operator, and up to a limit, beginning with a row of no table; reads the last row of a table; reads a tenant's webhooks,
    /// which are two hundred at most; goes back from the last publication to a moment, or over so many, where somebody asks for all since then.
    /// </summary>
    private static readonly string[] Exempt =
        ["CalendarRows.AddSql", "AppointmentRows.CountSql", "QueueRows.CountSql", "SqliteQueue.DepthSql", "PublicationRows.LastSql", "WebhookRows.AllSql",
            "WebhookRows.BeforeSql", "PublicationRows.BeforeLastSql"];

    private readonly TemporaryFile file = new();

    public void Dispose() => file.Dispose();

    [Fact]
    public async Task Every_statement_finds_its_rows_by_more_than_the_tenant()
    {
        await using var store = new SqliteStore(file.ConnectionString);
        await store.Migrate(TestContext.Current.CancellationToken);
        using var connection = new SqliteConnection($"{file.ConnectionString};Pooling=False;Foreign Keys=True");
        connection.Open();
        var statements = Statements().ToList();
        Assert.True(statements.Count > 30);
        var wide = statements.Where(statement => !Exempt.Contains(statement.Name))
            .SelectMany(statement => Plan(connection, statement.Sql).Where(Wide).Select(step => $"{statement.Name}: {step}"));
        Assert.Empty(wide);
    }

    private static bool Wide(string step) =>
        step.EndsWith("(tenant=?)", StringComparison.Ordinal)
        || (step.StartsWith("SCAN", StringComparison.Ordinal) && !step.StartsWith("SCAN (subquery", StringComparison.Ordinal)
            // Lists that come as parameters, under whatever name, who asks with the groups they are in, and a page that was cut to its length.
            && !step.StartsWith("SCAN json_each", StringComparison.Ordinal) && step is not ("SCAN mine" or "SCAN page")
            && !step.Contains("VIRTUAL TABLE INDEX 1:", StringComparison.Ordinal));

    private static IEnumerable<(string Name, string Sql)> Statements() =>
        from type in typeof(SqliteStore).Assembly.GetTypes()
        where type.Namespace == typeof(SqliteStore).Namespace
        from field in type.GetFields(BindingFlags.Static | BindingFlags.NonPublic)
        where field.IsLiteral && field.FieldType == typeof(string) && field.Name.EndsWith("Sql", StringComparison.Ordinal)
        select ($"{type.Name}.{field.Name}", (string)field.GetRawConstantValue()!);

    private static List<string> Plan(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "EXPLAIN QUERY PLAN " + sql;
        foreach (var parameter in Enumerable.Range(1, 13).Select(number => $"?{number}").Where(sql.Contains))
        {
            command.Parameters.AddWithValue(parameter, 1);
        }

        using var rows = command.ExecuteReader();
        var steps = new List<string>();
        while (rows.Read())
        {
            steps.Add(rows.GetString(3));
        }

        return steps;
    }
}
