using System.Diagnostics;
using System.Text;
using Kalends.Availability;
using Kalends.Messages;
using Kalends.Permissions;
using Kalends.Storage;
using Kalends.Storage.Postgres;
using Kalends.Tests.Conversations;
using NodaTime;

namespace Kalends.Tests.Postgres;

/// <summary>
/// A database that is put back to what it was, under a server that goes on: it gives the same versions again, to other changes. A cluster of its own,
/// since it is stopped.
/// </summary>
public sealed class RestoredDatabaseTests
{
    [Fact]
    public async Task What_was_kept_of_the_database_before_it_was_restored_is_not_taken_for_the_restored_one()
    {
        await using var cluster = await RestorableCluster.Start();
        await using var store = new PostgresStore(cluster.ConnectionString);
        await store.Migrate(TestContext.Current.CancellationToken);
        var cached = new CachedStore(store, new(mostBytes: 1_000_000));
        var server = new Dispatcher(cached, new RelationPermissions(), new StandingClock(Instant.FromUtc(2026, 11, 1, 10, 0)));
        await Save(server, "08");
        await cluster.Order("keep");
        await Save(server, "09");
        Assert.Equal(["08", "09"], await Taken(server));
        Assert.Equal(["08", "09"], await Taken(server));
        var lost = await Version(store);
        await cluster.Order("restore");
        await Save(server, "11");
        Assert.Equal(lost, await Version(store));
        Assert.Equal(["08", "11"], await Taken(server));
        Assert.Equal(["08", "11"], await Taken(server));
    }

    private static Task<Reply> Save(Dispatcher server, string hour) => Ask(server, "save-appointments", $$"""
        {"appointments":[{"title":"{{hour}}","start":"2026-11-02T{{hour}}:00:00","timeZone":"UTC","duration":"PT30M"}]}
        """);

    private static async Task<IEnumerable<string?>> Taken(Dispatcher server) => ((FoundConflicts)(await Ask(server, "check-for-conflicts", """
        {"timespan":{"from":"2026-11-02T00:00:00Z","to":"2026-11-03T00:00:00Z"},"attendees":["user:ana"]}
        """)).Result!).Conflicts.SelectMany(calendar => calendar.Busy).Select(busy => busy.Title);

    /// <summary>Connections that the restart has cut fail once each.</summary>
    private static async Task<Reply> Ask(Dispatcher server, string name, string json)
    {
        for (var attempt = 0; ; attempt++)
        {
            var reply = await Catalogue.Entries.Single(entry => entry.Name == name)
                .Run(server, Encoding.UTF8.GetBytes(json), Desk.As("user:ana"), new(), TestContext.Current.CancellationToken);
            if (reply.Refusal?.Code != RefusalCode.Unavailable || attempt == 40)
            {
                Assert.Null(reply.Refusal);
                return reply;
            }
        }
    }

    private static async Task<long> Version(PostgresStore store)
    {
        await using var session = await store.Read("acme", TestContext.Current.CancellationToken);
        return (await session.Rows<ICalendarRows>().Find([new("user:ana")]))[new("user:ana")].Version;
    }

    /// <summary>Its keeper, a shell, does as it is told on a pipe that this process holds open, and clears up when that closes.</summary>
    private sealed class RestorableCluster : IAsyncDisposable
    {
        private const string Script = """
            trap '' INT TERM HUP
            bin=$1; port=$2
            folder=$(mktemp -d "${TMPDIR:-/tmp}"/kalends-restored-XXXXXX)
            as=; if [ "$(id -u)" = 0 ]; then
              user=postgres; id postgres >/dev/null 2>&1 || user=nobody
              chown $user "$folder"; as="setpriv --reuid=$user --regid=$(id -g $user) --clear-groups"
            fi
            cd "$folder"
            start() {
              $as "$bin/postgres" -D data -k "$folder" -p $port -c listen_addresses=127.0.0.1 -c log_min_messages=fatal >>log 2>&1 </dev/null &
              server=$!
              for attempt in $(seq 100); do "$bin/pg_isready" -q -h 127.0.0.1 -p $port && break; sleep 0.1; done
            }
            stop() { kill -INT $server; wait $server; }
            $as "$bin/initdb" -D data -U kalends -A trust -E UTF8 --locale=C --no-sync >log 2>&1
            start; echo done
            while read -r order; do
              stop
              case $order in
                keep) cp -a data kept;;
                restore) rm -rf data; cp -a kept data;;
              esac
              start; echo done
            done
            stop; rm -rf "$folder"
            """;

        private readonly Process keeper;

        private RestorableCluster(Process keeper, int port) => (this.keeper, ConnectionString) = (
            keeper, $"Host=127.0.0.1;Port={port};Username=kalends;Database=postgres");

        public string ConnectionString { get; }

        public static async Task<RestorableCluster> Start()
        {
            var port = PrivateCluster.FreePort();
            var keeper = Process.Start(new ProcessStartInfo("sh", ["-c", Script, "keeper", PrivateCluster.Programs(), $"{port}"])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!;
            Assert.Equal("done", await keeper.StandardOutput.ReadLineAsync());
            return new(keeper, port);
        }

        public async Task Order(string order)
        {
            await keeper.StandardInput.WriteLineAsync(order);
            Assert.Equal("done", await keeper.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        }

        public async ValueTask DisposeAsync()
        {
            keeper.StandardInput.Close();
            await keeper.WaitForExitAsync();
            keeper.Dispose();
        }
    }
}
