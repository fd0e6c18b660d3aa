using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Kalends.Tests.Webhooks;

/// <summary>What came in one request.</summary>
internal sealed record Received(string Path, string Id, string Timestamp, string Signature, byte[] Body, DateTime At)
{
    public JsonNode Event => JsonNode.Parse(Body)!;

    public string Subject => (string)Event["subject"]!;

    public string Type => (string)Event["type"]!;
}

/// <summary>A receiver of webhooks of the test's own, over real HTTP; what it answers may be said for each path.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<Received> received = new();

    private Receiver(WebApplication app)
    {
        this.app = app;
        app.Run(Take);
    }

    public string Address => app.Urls.First();

    public IReadOnlyList<Received> All => [.. received];

    public ConcurrentDictionary<string, Func<HttpContext, Task>> Answers { get; } = new();

    public static async Task<Receiver> Start(int port = 0)
    {
        var builder = WebApplication.CreateSlimBuilder([$"--urls=http://127.0.0.1:{port}"]);
        builder.Logging.ClearProviders();
        var receiver = new Receiver(builder.Build());
        await receiver.app.StartAsync();
        return receiver;
    }

    public IReadOnlyList<Received> At(string path) => [.. received.Where(one => one.Path == path)];

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private async Task Take(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var headers = context.Request.Headers;
        received.Enqueue(new(
            context.Request.Path, headers["webhook-id"].ToString(), headers["webhook-timestamp"].ToString(), headers["webhook-signature"].ToString(),
            body.ToArray(), DateTime.UtcNow));
        if (Answers.TryGetValue(context.Request.Path, out var answer))
        {
            await answer(context);
        }
        else
        {
            context.Response.StatusCode = (int)HttpStatusCode.NoContent;
        }
    }
}
