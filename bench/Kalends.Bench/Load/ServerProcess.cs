using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace Kalends.Bench.Load;

/// <summary>The real server in a process of its own on a free port, with a client that carries a token of its development key.</summary>
public sealed class ServerProcess : IDisposable
{
    private static readonly string[] Scopes = ["kalends.read", "kalends.write", "kalends.admin"];

    private readonly Process process;
    private readonly string token;
    private BareHttp? bare;

    private ServerProcess(Process process, HttpClient client, string token) => (this.process, Client, this.token) = (process, client, token);

    public HttpClient Client { get; }

    /// <summary>For what is measured one request after the other.</summary>
    public BareHttp Bare => bare ??= new(Client.BaseAddress!, token);

    public long ResidentBytes => Refreshed().WorkingSet64;

    public TimeSpan ProcessorTime => Refreshed().TotalProcessorTime;

    /// <param name="store">Its connection string.</param>
    /// <param name="set">Settings, each as NAME=VALUE.</param>
    public static async Task<ServerProcess> Start(string store, params string[] set)
    {
        var program = ServerProgram();
        string[] asking = ["token", "--tenant", Filling.Tenant, "--subject", "service:load", "--app", "bench", "--scope", .. Scopes];
        var token = (await Output(program, asking)).Trim();
        var address = $"http://127.0.0.1:{FreePort()}";
        var process = Process.Start(Information(program, ["serve", "--urls", address, "--store", store, .. set.SelectMany(one => new[] { "--set", one })]))!;
        _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        var client = new HttpClient { BaseAddress = new Uri(address) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        var server = new ServerProcess(process, client, token);
        await server.Ready();
        return server;
    }

    public void Dispose()
    {
        Client.Dispose();
        bare?.Dispose();
        process.Kill();
        process.WaitForExit();
        process.Dispose();
    }

    private Process Refreshed()
    {
        process.Refresh();
        return process;
    }

    private async Task Ready()
    {
        for (var attempt = 0; attempt < 200; attempt++)
        {
            try
            {
                if ((await Client.GetAsync(new Uri("/readyz", UriKind.Relative))).IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException) when (!process.HasExited)
            {
                // Not listening yet.
            }

            await Task.Delay(50);
        }

        throw new InvalidOperationException("the server did not become ready");
    }

    private static async Task<string> Output(string program, string[] arguments)
    {
        using var process = Process.Start(Information(program, arguments))!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{arguments[0]} ended with {process.ExitCode}");
    }

    private static ProcessStartInfo Information(string program, string[] arguments)
    {
        var information = new ProcessStartInfo("dotnet", [program, .. arguments]) { RedirectStandardOutput = true };
        information.Environment["ASPNETCORE_ENVIRONMENT"] = "Development";
        return information;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Built beside this program, in the same configuration.</summary>
    internal static string ServerProgram()
    {
        var ours = new DirectoryInfo(AppContext.BaseDirectory);
        var root = ours;
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "Kalends.slnx")))
        {
            root = root.Parent;
        }

        var program = Path.Combine(
            root?.FullName ?? "", "src", "Kalends.Server", "bin", ours.Parent!.Name, ours.Name, "Kalends.Server.dll");
        return File.Exists(program) ? program : throw new FileNotFoundException("build the server first: dotnet build -c Release", program);
    }
}
