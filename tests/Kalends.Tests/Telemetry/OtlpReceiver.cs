using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Kalends.Tests.Telemetry;

/// <summary>Takes what is sent by OTLP over HTTP. Texts stand in its bytes as they are.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication app;

    private OtlpReceiver(WebApplication app) => this.app = app;

    public string Address => app.Urls.Single();

    public MemoryStream Traces { get; } = new();

    public MemoryStream Metrics { get; } = new();

    public static async Task<OtlpReceiver> Start()
    {
        var builder = WebApplication.CreateSlimBuilder(["--urls=http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        var receiver = new OtlpReceiver(builder.Build());
        receiver.app.MapPost("/v1/traces", (RequestDelegate)(context => Keep(context, receiver.Traces)));
        receiver.app.MapPost("/v1/metrics", (RequestDelegate)(context => Keep(context, receiver.Metrics)));
        await receiver.app.StartAsync();
        return receiver;
    }

    public static string Text(MemoryStream bytes) => Encoding.Latin1.GetString(bytes.ToArray());

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private static async Task Keep(HttpContext context, MemoryStream kept)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        lock (kept)
        {
            kept.Write(body.ToArray());
        }
    }
}
