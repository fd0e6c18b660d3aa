using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Kalends.Tests.Reminders;

/// <summary>One request: what its browser reads in it, and who says to have sent it.</summary>
internal sealed record Pushed(string Path, JsonNode Message, int Bytes, JsonNode Claims, IReadOnlyDictionary<string, string> Headers);

/// <summary>
/// A push service of the test's own, over real HTTP (RFC 8030). It reads what is for the browsers it knows, and looks who sends (RFC 8292). What it answers
/// may be said for each browser's path.
/// </summary>
public sealed class PushService : IAsyncLifetime
{
    private readonly ConcurrentQueue<Pushed> received = new();
    private readonly ConcurrentDictionary<string, Browser> browsers = new();
    private WebApplication app = null!;

    internal string Address => app.Urls.First();

    internal ConcurrentDictionary<string, Func<HttpContext, Task>> Answers { get; } = new();

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder(["--urls=http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        app = builder.Build();
        app.Run(Take);
        await app.StartAsync();
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    /// <summary>A browser of its own, and the endpoint that stands for it.</summary>
    internal (Browser Browser, string Endpoint) NewBrowser(string answer = "201")
    {
        var (browser, path) = (new Browser(), $"/push/{Guid.NewGuid():N}");
        browsers[path] = browser;
        if (answer != "201")
        {
            Answers[path] = context => Say(context, answer);
        }

        return (browser, Address + path);
    }

    internal IReadOnlyList<Pushed> At(string endpoint) => [.. received.Where(one => Address + one.Path == endpoint)];

    /// <summary>A status, with what to wait for after a space; or nothing at all.</summary>
    internal static Task Say(HttpContext context, string answer)
    {
        if (answer == "abort")
        {
            context.Abort();
            return Task.CompletedTask;
        }

        context.Response.StatusCode = int.Parse(answer.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
        context.Response.Headers.RetryAfter = answer.Split(' ').ElementAtOrDefault(1);
        context.Response.Headers.Location = "/elsewhere";
        return context.Response.WriteAsync("whatever it says");
    }

    private async Task Take(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var path = context.Request.Path.Value!;
        received.Enqueue(new(
            path, JsonNode.Parse(browsers[path].Read(body.ToArray()))!, (int)body.Length, Claims(context.Request.Headers.Authorization.ToString()),
            context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase)));
        await (Answers.TryGetValue(path, out var answer) ? answer(context) : Say(context, "201"));
    }

    /// <summary>With <c>k</c>, the key that it was signed by.</summary>
    private static JsonNode Claims(string authorization)
    {
        Assert.StartsWith("vapid ", authorization, StringComparison.Ordinal);
        var said = authorization["vapid ".Length..].Split(", ").ToDictionary(part => part[..1], part => part[2..]);
        var (parts, point) = (said["t"].Split('.'), Base64Url.DecodeFromChars(said["k"]));
        using var key = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new() { X = point[1..33], Y = point[33..] } });
        Assert.True(key.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256));
        Assert.Equal("ES256", (string)JsonNode.Parse(Base64Url.DecodeFromChars(parts[0]))!["alg"]!);
        var claims = JsonNode.Parse(Base64Url.DecodeFromChars(parts[1]))!;
        claims["k"] = said["k"];
        return claims;
    }
}
