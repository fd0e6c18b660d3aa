using System.Diagnostics;
using Kalends.Tests.Postgres;
using Kalends.Tests.Queue;
using StackExchange.Redis;

namespace Kalends.Tests.Redis;

/// <summary>
/// A real Redis of one test class, which writes down all that it is told before it answers; it can be killed and comes back with that. Its keeper, a shell,
/// reads from a pipe that this process holds open: so however this process ends, the server ends with it.
/// </summary>
public sealed class RedisServer : IAsyncLifetime
{
    public const string Password = "hush-hush";

    /// <summary>$1 the folder, $2 the port, $3 the password. The server is the same program as redis-check-rdb, which comes without a service.</summary>
    private const string Script = """
        trap '' INT TERM HUP
        cd "$1" || exit 1
        ln -sf "$(command -v redis-check-rdb)" redis-server
        ./redis-server --bind 127.0.0.1 --port "$2" --requirepass "$3" --save '' --appendonly yes --appendfsync always >>log 2>&1 </dev/null &
        cat >/dev/null
        kill -KILL $!; wait
        """;

    private readonly string folder = Directory.CreateTempSubdirectory("kalends-redis-").FullName;
    private readonly int port = PrivateCluster.FreePort();
    private ConnectionMultiplexer? connection;
    private Process? keeper;

    public string Configuration => $"127.0.0.1:{port},password={Password},connectTimeout=1000";

    internal IDatabase Database => connection!.GetDatabase();

    public ValueTask InitializeAsync() => new(Start());

    public async Task Start()
    {
        var start = new ProcessStartInfo("sh", ["-c", Script, "keeper", folder, $"{port}", Password]) { RedirectStandardInput = true };
        keeper = Process.Start(start)!;
        var options = ConfigurationOptions.Parse(Configuration + ",abortConnect=false,allowAdmin=true");
        options.ReconnectRetryPolicy = new LinearRetry(100);
        connection ??= await ConnectionMultiplexer.ConnectAsync(options);
        await Office.Until(async () =>
        {
            try
            {
                await Database.PingAsync();
                return true;
            }
            catch (RedisException)
            {
                return false;
            }
        });
    }

    /// <summary>SIGKILL, and what it had written down stays.</summary>
    public async Task Kill()
    {
        keeper!.StandardInput.Close();
        await keeper.WaitForExitAsync();
        keeper.Dispose();
        keeper = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (connection is not null)
        {
            await connection.DisposeAsync();
        }

        if (keeper is not null)
        {
            await Kill();
        }

        Directory.Delete(folder, recursive: true);
    }
}
