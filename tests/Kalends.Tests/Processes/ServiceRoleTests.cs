using System.Net;
using Kalends.Tests.Postgres;

namespace Kalends.Tests.Processes;

/// <summary>Real servers on one database, as its owner and as the role that only serves.</summary>
public sealed class ServiceRoleTests
{
    private const string Saving = """{"appointments":[{"start":"2026-11-25T09:00:00","timeZone":"UTC","duration":"PT45M"}]}""";

    [Fact]
    public async Task The_owner_is_warned_once_that_the_second_wall_is_off_and_the_service_prepares_the_months_and_is_not_warned()
    {
        var database = await PrivateCluster.Database();
        await PrivateCluster.Execute(database, """
            DO $$ DECLARE part text; BEGIN
                FOR part IN SELECT oid::regclass::text FROM pg_class WHERE relispartition AND relkind = 'r' AND relname !~ 'unprepared' LOOP
                    EXECUTE 'DROP TABLE ' || part;
                END LOOP;
            END $$
            """);
        using (var folder = new KalendsFolder { Store = PrivateCluster.AsService(database) })
        {
            await using var service = await KalendsProcess.Start(folder);
            Assert.Equal(HttpStatusCode.OK, (await service.Post("commands/save-appointments", Saving)).Status);
            for (var look = 0; look < 100 && await Months(database) < 12; look++)
            {
                await Task.Delay(100, TestContext.Current.CancellationToken);
            }

            Assert.Equal(12, await Months(database));
            Assert.DoesNotContain("rows of all tenants", service.Log.ToString(), StringComparison.Ordinal);
        }

        using (var folder = new KalendsFolder { Store = database })
        {
            await using var owner = await KalendsProcess.Start(folder);
            Assert.Equal(HttpStatusCode.OK, (await owner.Post("commands/save-appointments", Saving)).Status);
            Assert.Single(owner.Log.ToString().Split('\n'), line => line.Contains("The database shows this user the rows of all tenants", StringComparison.Ordinal));
        }

        await PrivateCluster.Drop(database);
    }

    private static async Task<long> Months(string database) => (long)(await PrivateCluster.Execute(
        database, "SELECT count(*) FROM pg_class WHERE relispartition AND relkind = 'r' AND relname !~ 'unprepared'"))!;
}
