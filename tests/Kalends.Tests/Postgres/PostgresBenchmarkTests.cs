using Kalends.Bench.Access;
using Kalends.Bench.Postgres;
using Npgsql;

namespace Kalends.Tests.Postgres;

/// <summary>The measurement itself, small: it fills, asks through HTTP and through pgbench, saves, and prints its table.</summary>
public sealed class PostgresBenchmarkTests
{
    [Fact]
    public async Task What_permissions_and_the_trail_cost_is_measured_with_few_tuples()
    {
        var database = await PrivateCluster.EmptyDatabase();
        try
        {
            await using var output = new StringWriter();
            Assert.Equal(0, await AccessDriver.Run(database, tuples: 2_000, rounds: 10, output));
            TestContext.Current.TestOutputHelper!.WriteLine(output.ToString());
            Assert.Contains("found some", output.ToString(), StringComparison.Ordinal);
            Assert.Contains("| one save with five people |", output.ToString(), StringComparison.Ordinal);
        }
        finally
        {
            await PrivateCluster.Drop(database);
        }
    }

    [Fact]
    public async Task The_queue_is_measured_with_few_messages()
    {
        var database = await PrivateCluster.EmptyDatabase();
        try
        {
            await using var output = new StringWriter();
            Assert.Equal(0, await Kalends.Bench.Queue.QueueDriver.Run(database, new(Seconds: 1, Waiting: 300_000, Turns: 1, Workers: [2]), output));
            TestContext.Current.TestOutputHelper!.WriteLine(output.ToString());
            Assert.Contains("| 2 workers, 30,000 waiting |", output.ToString(), StringComparison.Ordinal);
            Assert.Contains("| sent by another |", output.ToString(), StringComparison.Ordinal);
            Assert.Contains("where each notifies itself", output.ToString(), StringComparison.Ordinal);
        }
        finally
        {
            await PrivateCluster.Drop(database);
        }
    }

    [Fact]
    public async Task The_measurement_runs_with_few_people()
    {
        var database = await PrivateCluster.EmptyDatabase();
        try
        {
            await using var output = new StringWriter();
            var settings = PostgresSettings.Parse(
                [database, "--people", "24", "--rounds", "3", "--turns", "1", "--warm-up", "2", "--seconds", "1"]);
            Assert.Equal(0, await PostgresDriver.Run(settings, output));
            TestContext.Current.TestOutputHelper!.WriteLine(output.ToString());
            Assert.All(PostgresOperation.All, operation => Assert.Contains($"| {operation.Name} |", output.ToString(), StringComparison.Ordinal));
            Assert.Contains("bytes an appointment", output.ToString(), StringComparison.Ordinal);
            Assert.Contains("saves/s", output.ToString(), StringComparison.Ordinal);
        }
        finally
        {
            await PrivateCluster.Drop(database);
            var beside = new NpgsqlConnectionStringBuilder(database);
            beside.Database += "_tenth";
            await PrivateCluster.Drop(beside.ConnectionString);
        }
    }
}
