using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Kalends.Storage.Postgres;
using Npgsql;

[assembly: AssemblyFixture(typeof(Kalends.Tests.Postgres.PrivateCluster))]

namespace Kalends.Tests.Postgres;

/// <summary>
/// A real PostgreSQL of this test run alone: started when the first test asks for it, in a temporary folder, stopped when the run ends. Its
/// keeper, a shell, reads from a pipe that this process holds open; so however this process ends, the cluster ends with it and its folder goes.
/// </summary>
public sealed class PrivateCluster : IAsyncDisposable
{
    /// <summary>Without fsync: no test of these pulls the plug, and each makes a database of its own.</summary>
    private static readonly string[] Settings =
    [
        "listen_addresses=127.0.0.1", "fsync=off", "full_page_writes=off", "synchronous_commit=off", "shared_buffers=128MB", "max_connections=400",
        "max_wal_size=2GB", "checkpoint_timeout=1h", "autovacuum=off", "log_min_messages=fatal",
    ];

    /// <summary>May serve from each database with the program's schema, and no more.</summary>
    public const string ServiceRole = "kalends_service";

    private static readonly Lazy<Task<PrivateCluster>> Shared = new(Start);
    private static int databases;

    private readonly Process? keeper;
    private readonly int port;

    /// <summary>For the test runner, which disposes it at the end of the run; it stands for the one that was started, if one was.</summary>
    public PrivateCluster()
    {
    }

    private PrivateCluster(Process keeper, int port) => (this.keeper, this.port) = (keeper, port);

    /// <summary>The connection string of a new database with this program's schema.</summary>
    public static async Task<string> Database() => await (await Shared.Value).Create("kalends_template");

    /// <summary>The same of an empty one.</summary>
    public static async Task<string> EmptyDatabase() => await (await Shared.Value).Create("template0");

    /// <summary>The same database as that role sees it.</summary>
    public static string AsService(string connectionString) => connectionString + $";Username={ServiceRole}";

    public static async Task Drop(string connectionString)
    {
        var cluster = await Shared.Value;
        await cluster.Execute($"DROP DATABASE {new NpgsqlConnectionStringBuilder(connectionString).Database} WITH (FORCE)");
    }

    /// <summary>Runs what a test means to do behind the store's back.</summary>
    public static async Task<object?> Execute(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 120 };
        return await command.ExecuteScalarAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (keeper is not null)
        {
            keeper.StandardInput.Close();
            await keeper.WaitForExitAsync();
            keeper.Dispose();
        }
        else if (Shared.IsValueCreated)
        {
            await (await Shared.Value).DisposeAsync();
        }
    }

    private static async Task<PrivateCluster> Start()
    {
        var port = FreePort();
        var keeper = Process.Start(new ProcessStartInfo("sh", ["-c", Script(), "keeper", Programs(), $"{port}", .. Settings])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var said = await keeper.StandardOutput.ReadLineAsync();
        Assert.True(said == "ready", $"the private PostgreSQL did not start: {said}");
        var cluster = new PrivateCluster(keeper, port);
        await cluster.Execute("CREATE DATABASE kalends_template TEMPLATE template0");
        await using var store = new PostgresStore(cluster.Named("kalends_template"));
        await store.Migrate(default);
        await cluster.Execute($"CREATE ROLE {ServiceRole} LOGIN");
        await store.LetServe(ServiceRole, default);
        return cluster;
    }

    /// <summary>$1 the folder of the programs, $2 the port, then settings. PostgreSQL does not run as root, so then it runs as its own user.</summary>
    private static string Script() => """
        # A signal to the whole run, as Ctrl+C, must not end the keeper before it has cleared up.
        trap '' INT TERM HUP
        bin=$1; port=$2; shift 2
        folder=$(mktemp -d "${TMPDIR:-/tmp}"/kalends-postgres-XXXXXX)
        as=; if [ "$(id -u)" = 0 ]; then
          user=postgres; id postgres >/dev/null 2>&1 || user=nobody
          chown $user "$folder"; as="setpriv --reuid=$user --regid=$(id -g $user) --clear-groups"
        fi
        log=$folder/log
        cd "$folder"
        $as "$bin/initdb" -D data -U kalends -A trust -E UTF8 --locale=C --no-sync >"$log" 2>&1 || { tail -n 3 "$log"; rm -rf "$folder"; exit 1; }
        options=; for setting in "$@"; do options="$options -c $setting"; done
        $as "$bin/postgres" -D data -k "$folder" -p $port $options >>"$log" 2>&1 </dev/null &
        server=$!
        for attempt in $(seq 100); do "$bin/pg_isready" -q -h 127.0.0.1 -p $port && break; sleep 0.1; done
        "$bin/pg_isready" -q -h 127.0.0.1 -p $port && echo ready || tail -n 3 "$log"
        cat >/dev/null
        kill -QUIT $server; wait $server
        rm -rf "$folder"
        """;

    /// <summary>The folder of PostgreSQL's programs, of the newest release that is installed.</summary>
    public static string Programs() =>
        (Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql") : [])
            .Select(version => Path.Combine(version, "bin")).Where(folder => File.Exists(Path.Combine(folder, "initdb")))
            .OrderByDescending(folder => folder, StringComparer.Ordinal).FirstOrDefault()
        ?? throw new InvalidOperationException("PostgreSQL is missing: install the package postgresql, as ./test does");

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private string Named(string database) => $"Host=127.0.0.1;Port={port};Username=kalends;Database={database}";

    private async Task<string> Create(string template)
    {
        var name = $"test_{Interlocked.Increment(ref databases)}";
        await Execute($"CREATE DATABASE {name} TEMPLATE {template}");
        return Named(name);
    }

    private Task<object?> Execute(string sql) => Execute(Named("postgres"), sql);
}
