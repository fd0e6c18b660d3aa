using System.Diagnostics;
using System.Globalization;

namespace Kalends.Tests.Postgres;

/// <summary>
/// Several PostgreSQL of one test in one temporary folder: a primary, replicas and restored copies of it. Each is started, stopped, killed and
/// frozen by its name. A shell keeps them, as <see cref="PrivateCluster"/>'s does: when this process ends, so do they, and the folder goes.
/// </summary>
public sealed class ClusterGroup : IAsyncDisposable
{
    private static readonly string[] Settings =
    [
        "listen_addresses=127.0.0.1", "fsync=off", "shared_buffers=32MB", "max_connections=120", "log_min_messages=fatal", "autovacuum=off", "wal_keep_size=256MB",
    ];

    private readonly Process keeper;
    private readonly Dictionary<string, int> ports = [];
    private readonly SemaphoreSlim turn = new(1);

    private ClusterGroup(Process keeper, string folder) => (this.keeper, Folder) = (keeper, folder);

    /// <summary>Of the user that PostgreSQL runs as: each has its data in a folder of its own name.</summary>
    public string Folder { get; }

    public static async Task<ClusterGroup> Open()
    {
        var keeper = Process.Start(new ProcessStartInfo("bash", ["-c", Script(), "keeper", PrivateCluster.Programs()])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        return new(keeper, (await keeper.StandardOutput.ReadLineAsync())!);
    }

    public int Port(string name) => ports.TryGetValue(name, out var port) ? port : ports[name] = PrivateCluster.FreePort();

    public string ConnectionString(string name, string database) => $"Host=127.0.0.1;Port={Port(name)};Username=kalends;Database={database}";

    public Task Make(string name) => Tell($"make {name}");

    /// <summary>A standby that streams from another.</summary>
    public Task Copy(string name, string of) => Tell($"copy {name} {Port(of)}");

    /// <summary>The answer comes when it takes connections.</summary>
    /// <param name="name">Of one that was made, copied or restored.</param>
    /// <param name="settings">Such as <c>archive_mode=on</c>; one with blanks goes in the file <c>postgresql.auto.conf</c> instead.</param>
    public Task Start(string name, params string[] settings) => Tell($"start {name} {Port(name)} {string.Join(' ', Settings.Concat(settings).Select(setting => "-c " + setting))}");

    /// <summary>SIGQUIT: every process of it ends at once, nothing is written.</summary>
    public Task Kill(string name) => Tell($"signal {name} QUIT");

    public Task Stop(string name) => Tell($"signal {name} INT");

    /// <summary>It keeps its connections and answers nothing.</summary>
    public Task Freeze(string name) => Tell($"freeze {name} STOP");

    public Task Thaw(string name) => Tell($"freeze {name} CONT");

    public Task Promote(string name) => PrivateCluster.Execute(ConnectionString(name, "postgres"), "SELECT pg_promote()");

    public Task<object?> Execute(string name, string sql, string database = "postgres") => PrivateCluster.Execute(ConnectionString(name, database), sql);

    /// <summary>Runs a program as the user that PostgreSQL runs as, with its programs on the path; what it says comes back.</summary>
    public async Task<(int Code, string Said)> Run(string commandLine)
    {
        var answer = await Ask($"run {commandLine}");
        var said = await File.ReadAllTextAsync(Path.Combine(Folder, "said"));
        return (int.Parse(answer, CultureInfo.InvariantCulture), said);
    }

    public async ValueTask DisposeAsync()
    {
        keeper.StandardInput.Close();
        await keeper.WaitForExitAsync();
        keeper.Dispose();
        turn.Dispose();
    }

    private async Task Tell(string what)
    {
        var said = await Ask(what);
        Assert.True(said == "done", $"{what}: {said}");
    }

    private async Task<string> Ask(string what)
    {
        await turn.WaitAsync();
        try
        {
            await keeper.StandardInput.WriteLineAsync(what);
            await keeper.StandardInput.FlushAsync();
            return await keeper.StandardOutput.ReadLineAsync() ?? "the keeper is gone";
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>$1 the folder of the programs. Each line that is read is an order, each answered by a line. PostgreSQL never runs as root.</summary>
    private static string Script() => """
        trap '' INT TERM HUP
        bin=$1
        folder=$(mktemp -d "${TMPDIR:-/tmp}"/kalends-clusters-XXXXXX)
        as=; if [ "$(id -u)" = 0 ]; then
          user=postgres; id postgres >/dev/null 2>&1 || user=nobody
          chown $user "$folder"; as="setpriv --reuid=$user --regid=$(id -g $user) --clear-groups"
        fi
        log=$folder/log; touch "$log"; declare -A servers
        cd "$folder"
        complain() { tail -n 3 "$log" | tr '\n' ' '; echo; }
        family() { echo $1 $(cat /proc/$1/task/$1/children); }
        echo "$folder"
        while read -r order name rest; do
          case $order in
            make) $as "$bin/initdb" -D "$name" -U kalends -A trust -E UTF8 --locale=C --no-sync >>"$log" 2>&1 && echo done || complain ;;
            copy) $as "$bin/pg_basebackup" -D "$name" -d "host=127.0.0.1 port=$rest user=kalends" -R -X stream -c fast --no-sync >>"$log" 2>&1 && echo done || complain ;;
            start)
              read -r port options <<<"$rest"
              $as "$bin/postgres" -D "$name" -k "$folder" -p $port $options >>"$log" 2>&1 </dev/null &
              servers[$name]=$!
              for attempt in $(seq 600); do "$bin/pg_isready" -q -h 127.0.0.1 -p $port && break; kill -0 ${servers[$name]} 2>/dev/null || break; sleep 0.05; done
              "$bin/pg_isready" -q -h 127.0.0.1 -p $port && echo done || complain ;;
            signal) kill -$rest ${servers[$name]}; wait ${servers[$name]}; unset "servers[$name]"; echo done ;;
            freeze) kill -$rest $(family ${servers[$name]}); echo done ;;
            run) PATH=$bin:$PATH $as bash -c "$name $rest" >"$folder/said" 2>&1 </dev/null; echo $? ;;
          esac
        done
        for server in "${servers[@]}"; do kill -CONT $(family $server); kill -QUIT $server; wait $server; done 2>/dev/null
        rm -rf "$folder"
        """;
}
