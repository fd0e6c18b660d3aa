using System.Diagnostics;
using Kalends.Storage.Postgres;
using Kalends.Tests.Postgres;

namespace Kalends.Tests.Faults;

/// <summary>What a cluster's disk can run out of.</summary>
public enum Disk
{
    /// <summary>Nothing: it is the machine's own.</summary>
    Ample,

    /// <summary>A small one under the data; the log of what was committed lies elsewhere.</summary>
    SmallForData,

    /// <summary>A small one under the log; without it PostgreSQL cannot go on and stops.</summary>
    SmallForLog,
}

/// <summary>
/// A real PostgreSQL for one test, with the settings that come with it, so one that keeps what it has committed: it can be stopped in the middle,
/// killed, started again and have its disk filled. A shell keeps it, as <see cref="PrivateCluster"/>'s does: when this process ends, so does it.
/// </summary>
internal sealed class MortalCluster : IAsyncDisposable
{
    private readonly Process keeper;

    private MortalCluster(Process keeper, int port) => (this.keeper, Port) = (keeper, port);

    public int Port { get; }

    /// <summary>What a small disk is made of: a file system in memory, or a limit on the size of files where mounting is not permitted.</summary>
    public string MadeOf { get; private set; } = "";

    public string Database => $"Host=127.0.0.1;Port={Port};Username=kalends;Database=kalends";

    /// <param name="disk">Where it is small.</param>
    /// <param name="mount">False makes a small disk by a limit on the size of files, without trying to mount one.</param>
    /// <param name="settings">Such as <c>max_connections=60</c>.</param>
    public static async Task<MortalCluster> Start(Disk disk = Disk.Ample, bool mount = true, params string[] settings)
    {
        var port = PrivateCluster.FreePort();
        string[] all = ["listen_addresses=127.0.0.1", "shared_buffers=64MB", "log_min_messages=fatal", .. settings];
        var keeper = Process.Start(new ProcessStartInfo(
            "sh", ["-c", Script(), "keeper", PrivateCluster.Programs(), $"{port}", $"{disk}", mount ? "mount" : "", .. all])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var cluster = new MortalCluster(keeper, port);
        cluster.MadeOf = await cluster.Answer();
        await cluster.Start();
        await PrivateCluster.Execute(cluster.Named("postgres"), "CREATE DATABASE kalends");
        await using var store = new PostgresStore(cluster.Database);
        await store.Migrate(default);
        return cluster;
    }

    /// <summary>The answer comes when it takes connections, which after a crash is when it has recovered.</summary>
    public Task Start() => Tell("start");

    /// <summary>SIGQUIT: every process of it ends at once, nothing is written. What an immediate stop is.</summary>
    public Task StopAtOnce() => Tell("quit");

    /// <summary>SIGKILL to the postmaster and each of its children.</summary>
    public Task Kill() => Tell("kill");

    /// <summary>What an operator does: connections are cut, what runs is undone, the log is closed.</summary>
    public Task Stop() => Tell("stop");

    /// <summary>Leaves hardly anything of a small disk.</summary>
    public Task Fill() => Tell("fill");

    public Task Free() => Tell("free");

    public Task<object?> Execute(string sql) => PrivateCluster.Execute(Database, sql);

    public async ValueTask DisposeAsync()
    {
        keeper.StandardInput.Close();
        await keeper.WaitForExitAsync();
        keeper.Dispose();
    }

    private string Named(string database) => $"Host=127.0.0.1;Port={Port};Username=kalends;Database={database}";

    private async Task Tell(string what)
    {
        await keeper.StandardInput.WriteLineAsync(what);
        await keeper.StandardInput.FlushAsync();
        var said = await Answer();
        Assert.True(said == "done", $"{what}: {said}");
    }

    private async Task<string> Answer() => await keeper.StandardOutput.ReadLineAsync() ?? "the keeper is gone";

    /// <summary>
    /// $1 the folder of the programs, $2 the port, $3 the disk, $4 whether to mount, then settings. Each line that is read is an order, each answered
    /// by a line. PostgreSQL does not run as root, so then it runs as its own user.
    /// </summary>
    private static string Script() => """
        trap '' INT TERM HUP
        bin=$1; port=$2; disk=$3; mount=$4; shift 4
        folder=$(mktemp -d "${TMPDIR:-/tmp}"/kalends-postgres-XXXXXX)
        as=; if [ "$(id -u)" = 0 ]; then
          user=postgres; id postgres >/dev/null 2>&1 || user=nobody
          as="setpriv --reuid=$user --regid=$(id -g $user) --clear-groups"
        fi
        log=$folder/log; server=
        cd "$folder"; mkdir small large
        made='the disk of the machine'
        if [ $disk != Ample ]; then
          made='a limit on the size of files'
          if [ -n "$mount" ] && mount -t tmpfs -o size=160m kalends small 2>/dev/null; then made='a file system in memory'; fi
        fi
        [ -z "$as" ] || chown $user . small large
        data=large/data; wal=large/wal
        [ $disk = SmallForData ] && data=small/data
        [ $disk = SmallForLog ] && wal=small/wal
        $as "$bin/initdb" -D $data -X "$folder/$wal" --wal-segsize=1 -U kalends -A trust -E UTF8 --locale=C --no-sync >"$log" 2>&1 || { tail -n 3 "$log" | tr '\n' ' '; echo; }
        echo "$made"
        options=; for setting in "$@"; do options="$options -c $setting"; done

        children() { cat /proc/$server/task/$server/children; }
        limit() { for process in $server $(children); do $as prlimit --pid $process --fsize=$1: 2>/dev/null; done; }
        start() {
          $as "$bin/postgres" -D $data -k "$folder" -p $port $options >>"$log" 2>&1 </dev/null &
          server=$!
          for attempt in $(seq 600); do
            "$bin/pg_isready" -q -h 127.0.0.1 -p $port && { echo done; return; }
            sleep 0.05
          done
          tail -n 3 "$log" | tr '\n' ' '; echo
        }
        while read -r order; do
          case $order in
            start) start ;;
            quit) kill -QUIT $server 2>/dev/null; wait $server; server=; echo done ;;
            stop) kill -INT $server; { sleep 20; kill -QUIT $server; } >/dev/null 2>&1 & late=$!; wait $server; kill $late; server=; echo done ;;
            kill) kill -STOP $server; all=$(children); kill -KILL $server $all; { wait $server; } 2>/dev/null
              for process in $all; do while [ -d /proc/$process ] && ! grep -q '^State:.[ZX]' /proc/$process/status 2>/dev/null; do sleep 0.01; done; done
              server=; echo done ;;
            # Of a file that may not grow the last page is cut in the middle, which PostgreSQL takes for a full disk. A log file has 1 MiB.
            fill)
              if [ "$made" = 'a file system in memory' ]; then
                dd if=/dev/zero of=small/ballast bs=64k 2>/dev/null
              elif [ $disk = SmallForLog ]; then limit $((512 * 1024)); else limit $((1028 * 1024)); fi
              echo done ;;
            free)
              # Twice, for a child that came meanwhile.
              if [ "$made" = 'a file system in memory' ]; then rm -f small/ballast; else limit unlimited; limit unlimited; fi
              echo done ;;
          esac
        done
        [ -z "$server" ] || { kill -QUIT $server; wait $server; }
        [ "$made" != 'a file system in memory' ] || umount small
        rm -rf "$folder"
        """;
}
