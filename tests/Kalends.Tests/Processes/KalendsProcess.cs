using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Kalends.Server.Http;
using Kalends.Server.Http.Bearer;

namespace Kalends.Tests.Processes;

/// <summary>A server in a process of its own, as users run it, so that it can be killed and so that two can share a file.</summary>
internal sealed class KalendsProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly KalendsFolder folder;
    private int isOver;

    private KalendsProcess(Process process, KalendsFolder folder, HttpClient client, StringBuilder log) =>
        (this.process, this.folder, Client, Log) = (process, folder, client, log);

    public HttpClient Client { get; }

    /// <summary>What it has said so far, on standard output and standard error.</summary>
    public StringBuilder Log { get; }

    public bool HasExited => process.HasExited;

    /// <summary>What it has used of the processors so far, and bytes of memory that it holds now.</summary>
    public (TimeSpan Cpu, long Memory) Used
    {
        get
        {
            process.Refresh();
            return (process.TotalProcessorTime, process.WorkingSet64);
        }
    }

    public static async Task<KalendsProcess> Start(KalendsFolder folder)
    {
        var address = $"http://127.0.0.1:{FreePort()}";
        var information = new ProcessStartInfo("dotnet", [ServerProgram(), "serve", "--urls", address])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder.Path,
        };
        information.Environment["ASPNETCORE_ENVIRONMENT"] = "Development";
        information.Environment["ConnectionStrings__Kalends"] = folder.Store;
        information.Environment["Kalends__Development__KeyFile"] = folder.KeyFile;
        foreach (var (name, value) in folder.Settings)
        {
            information.Environment[name] = value;
        }

        if (!folder.HasWorkers)
        {
            information.Environment["Kalends__Queue__Workers"] = "0";
        }

        information.Environment["Kalends__Cache__Enabled"] = folder.HasCache ? "true" : "false";
        var process = Process.Start(information)!;
        var log = new StringBuilder();
        process.OutputDataReceived += (_, line) => log.AppendLine(line.Data);
        process.ErrorDataReceived += (_, line) => log.AppendLine(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 256 }) { BaseAddress = new(address), Timeout = TimeSpan.FromSeconds(60) };
        var server = new KalendsProcess(process, folder, client, log);
        await server.Ready();
        return server;
    }

    public async Task<(HttpStatusCode Status, JsonNode? Body)> Post(string path, string json, string person = "user:ana", string? key = null)
    {
        var (status, body, _) = await Ask(path, json, person, key);
        return (status, body);
    }

    /// <summary>The same, and in how many seconds the caller is to try again.</summary>
    public async Task<(HttpStatusCode Status, JsonNode? Body, double? RetryAfterSeconds)> Ask(
        string path, string json, string person, string? key = null, CancellationToken? until = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/" + path) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", folder.Token(person));
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        var stopped = until ?? TestContext.Current.CancellationToken;
        using var answer = await Client.SendAsync(request, stopped);
        var text = await answer.Content.ReadAsStringAsync(stopped);
        return (answer.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text), answer.Headers.RetryAfter?.Delta?.TotalSeconds);
    }

    /// <summary>SIGKILL: no handler, no flush, no farewell.</summary>
    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    /// <summary>Twice is the same as once.</summary>
    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref isOver, 1) != 0)
        {
            return ValueTask.CompletedTask;
        }

        if (!process.HasExited)
        {
            Kill();
        }

        Client.Dispose();
        process.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task Ready()
    {
        for (var attempt = 0; attempt < 600; attempt++)
        {
            try
            {
                using var answer = await Client.GetAsync(new Uri("/readyz", UriKind.Relative), TestContext.Current.CancellationToken);
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException) when (!process.HasExited)
            {
                // Not listening yet.
            }

            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        Assert.Fail($"the server did not become ready:\n{Log}");
    }

    private static string ServerProgram() => System.IO.Path.Combine(AppContext.BaseDirectory, "Kalends.Server.dll");

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>A folder with one store and one development key, for one test.</summary>
internal sealed class KalendsFolder : IDisposable
{
    private readonly Dictionary<string, string> tokens = [];
    private readonly Lazy<DevelopmentKey> key;

    public KalendsFolder() => key = new(() => DevelopmentKey.Open(new DevelopmentSettings { KeyFile = KeyFile }));

    public string Path { get; } = Directory.CreateTempSubdirectory("kalends-process-").FullName;

    public string File => System.IO.Path.Combine(Path, "kalends.db");

    /// <summary>The connection string: of <see cref="File"/>, unless a PostgreSQL is to be served.</summary>
    public string Store
    {
        get => field ?? $"Data Source={File}";
        init;
    }

    /// <summary>Of the environment, such as <c>Kalends__Limits__RequestSeconds</c>.</summary>
    public Dictionary<string, string> Settings { get; init; } = [];

    /// <summary>Whether its servers keep free/busy in memory.</summary>
    public bool HasCache { get; init; } = true;

    /// <summary>Whether its servers work on queues, for which they have a connection beside their pool.</summary>
    public bool HasWorkers { get; init; } = true;

    public string KeyFile => System.IO.Path.Combine(Path, "development-key.pem");

    public string Token(string person)
    {
        lock (tokens)
        {
            return tokens.TryGetValue(person, out var token)
                ? token
                : tokens[person] = key.Value.Token("acme", new(person), "web", ["kalends.read", "kalends.write"], NodaTime.Duration.FromHours(1));
        }
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
