using Kalends.Server.Http;
using Kalends.Server.Http.Bearer;

namespace Kalends.Server.Telemetry.Ops;

/// <summary>
/// <c>/ops</c>: plots of the last hour for whoever has no Prometheus. The page, its script and its style are the same for all and tell nothing, so anybody
/// may have them; the figures need a token with kalends.admin, which the page keeps in memory, or come from this machine where development is switched on.
/// </summary>
internal static class OpsPage
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly (string Address, string Resource, string MediaType)[] Files =
    [
        ("/ops", "ops.html", "text/html"), ("/ops/ops.js", "ops.js", "text/javascript"), ("/ops/ops.css", "ops.css", "text/css"),
    ];

    public static void Map(WebApplication app, OpsCharts charts, bool isDevelopment)
    {
        foreach (var (address, resource, mediaType) in Files)
        {
            var text = Read(resource);
            app.MapGet(address, (RequestDelegate)(context =>
            {
                context.Response.Headers.ContentSecurityPolicy = Policy;
                context.Response.Headers["Referrer-Policy"] = "no-referrer";
                return Answers.WriteText(context, mediaType, text);
            })).WithMetadata(Anonymous.Mark);
        }

        app.MapGet("/ops/data", (RequestDelegate)(context => Answers.WriteJson(context, charts.Now(), Answers.Json)))
            .WithMetadata(new ForOperators(isDevelopment ? WithoutToken.Loopback : WithoutToken.Nobody));
    }

    private static string Read(string resource)
    {
        using var stream = typeof(OpsPage).Assembly.GetManifestResourceStream("ops/" + resource)
            ?? throw new InvalidOperationException($"the program was built without {resource}");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
