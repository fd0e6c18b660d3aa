using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Kalends.Server.Http;
using Kalends.Server.Http.Bearer;
using Kalends.Storage.Sqlite;
using Kalends.Tests.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using NodaTime;

namespace Kalends.Tests.Http;

/// <summary>A real host on a free port of the loopback interface, with the test messages beside the catalogue's.</summary>
public sealed class EdgeHost : IAsyncLifetime
{
    private static readonly string KeyFile = Path.Combine(Path.GetTempPath(), $"kalends-tests-{Guid.NewGuid():N}", "key.pem");

    static EdgeHost() => AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(Path.GetDirectoryName(KeyFile)!, recursive: true);

    private static readonly Lazy<DevelopmentKey> Opened = new(() => DevelopmentKey.Open(new() { KeyFile = KeyFile }));

    private readonly string[] arguments;
    private readonly TemporaryFile file;
    private readonly bool ownsFile;
    private readonly bool migrated;
    private WebApplication? app;

    public EdgeHost()
        : this([], migrated: true)
    {
    }

    private EdgeHost(string[] arguments, bool migrated, TemporaryFile? shared = null)
    {
        (this.arguments, this.migrated) = (arguments, migrated);
        (file, ownsFile) = (shared ?? new(), shared is null);
        Store = new(file.ConnectionString);
    }

    public static DevelopmentKey Key => Opened.Value;

    internal SqliteStore Store { get; }

    internal List<string> Logged { get; } = [];

    internal IServiceProvider Services => app!.Services;

    public Uri Address { get; private set; } = new("http://localhost");

    /// <summary>Sends a token of Ana's with every request.</summary>
    public HttpClient Ana { get; private set; } = new();

    public HttpClient Stranger { get; private set; } = new();

    public static Task<EdgeHost> Start(params string[] arguments) => Start(migrated: true, arguments);

    /// <summary>Not migrated, its store is there but cannot be used.</summary>
    public static async Task<EdgeHost> Start(bool migrated, params string[] arguments)
    {
        var host = new EdgeHost(arguments, migrated);
        await host.InitializeAsync();
        return host;
    }

    /// <summary>Another host, with a store of its own on the same file: to be disposed before this one.</summary>
    public async Task<EdgeHost> Beside(params string[] own)
    {
        var host = new EdgeHost(own, migrated, file);
        await host.InitializeAsync();
        return host;
    }

    public static string Token(string person = "user:ana", string scope = "kalends.read kalends.write") =>
        Key.Token("acme", new(person), "web", scope.Split(' '), Duration.FromHours(1));

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder(
            ["--urls=http://127.0.0.1:0", "--environment=Development", $"--Kalends:Development:KeyFile={KeyFile}", .. arguments]);
        builder.Logging.ClearProviders().AddProvider(new Listener(Logged));
        app = KalendsHost.Build(builder, new() { Store = Store, Entries = TestMessages.Entries });
        if (migrated)
        {
            await Store.Migrate(default);
        }

        await app.StartAsync();
        Address = new(app.Urls.Single());
        Stranger = new() { BaseAddress = Address };
        Ana = As(Token());
    }

    public HttpClient As(string token)
    {
        var client = new HttpClient { BaseAddress = Address };
        client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return client;
    }

    /// <summary>Sends these very bytes and gives all that comes back until the connection ends.</summary>
    public async Task<string> Raw(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Address.Port);
        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request));
        using var reader = new StreamReader(client.GetStream(), Encoding.UTF8);
        return await reader.ReadToEndAsync();
    }

    public Task Stop() => app!.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Ana.Dispose();
        Stranger.Dispose();
        await app!.DisposeAsync();
        await Store.DisposeAsync();
        if (ownsFile)
        {
            file.Dispose();
        }
    }

    private sealed class Listener(List<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (lines)
            {
                lines.Add($"{formatter(state, exception)} {exception}");
            }
        }

        public void Dispose()
        {
        }
    }
}

/// <summary>Short ways to send and to look at answers.</summary>
internal static class Sending
{
    public static Task<HttpResponseMessage> Post(this HttpClient client, string address, string body, string? mediaType = "application/json") =>
        client.Post(address, Encoding.UTF8.GetBytes(body), mediaType);

    public static async Task<HttpResponseMessage> Post(
        this HttpClient client, string address, byte[] body, string? mediaType = "application/json", string? encoding = null)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = mediaType is null ? null : MediaTypeHeaderValue.Parse(mediaType);
        if (encoding is not null)
        {
            content.Headers.ContentEncoding.Add(encoding);
        }

        return await client.PostAsync(new Uri(address, UriKind.Relative), content, TestContext.Current.CancellationToken);
    }

    public static Task<HttpResponseMessage> Get(this HttpClient client, string address, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, UriKind.Relative));
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public static async Task<JsonElement> Json(this HttpResponseMessage response) =>
        JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).RootElement;

    /// <summary>Sees that the answer is a whole problem of this code, and gives it.</summary>
    public static async Task<JsonElement> Problem(this HttpResponseMessage response, HttpStatusCode status, string code)
    {
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.StatusCode == status, $"{response.StatusCode}: {text}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = JsonDocument.Parse(text).RootElement;
        Assert.Equal(code, problem.Text("code"));
        Assert.Equal("/problems/" + code, problem.Text("type"));
        Assert.Equal((int)status, problem.GetProperty("status").GetInt32());
        Assert.NotEmpty(problem.Text("title"));
        Assert.NotEmpty(problem.Text("detail"));
        Assert.Matches("^[0-9a-f]{32}$", problem.Text("traceId"));
        return problem;
    }

    public static string Text(this JsonElement element, string member) => element.GetProperty(member).GetString()!;

    public static IEnumerable<string> Pointers(this JsonElement problem) =>
        problem.GetProperty("errors").EnumerateArray().Select(error => error.Text("pointer"));
}
