using Kalends.Messages;
using Kalends.Operations;
using Kalends.Server.Http.Bearer;

namespace Kalends.Server.Http;

/// <summary>
/// The addresses: all messages of the catalogue, then the few that are no message. Each is a plain delegate, so mapping them reflects
/// over nothing.
/// </summary>
internal static class Endpoints
{
    private static readonly string[] GetOrHead = ["GET", "HEAD"];

    public static void Map(WebApplication app, HostParts parts, LimitSettings limits)
    {
        var dispatcher = app.Services.GetRequiredService<Dispatcher>();
        var deferral = app.Services.GetRequiredService<Deferral>();
        var workload = app.Services.GetRequiredService<Workload>();
        var streaming = app.Services.GetRequiredService<Streaming>();
        foreach (var entry in parts.Entries)
        {
            var members = FlatMembers.Of(entry.MessageType);
            MapMessage(app, entry, members, new(entry, members, dispatcher, workload, deferral, limits, streaming));
        }

        var health = app.Services.GetRequiredService<Health>();
        app.MapMethods("/healthz", GetOrHead, (RequestDelegate)Health.Live).WithMetadata(Anonymous.Mark);
        app.MapMethods("/readyz", GetOrHead, (RequestDelegate)health.Ready).WithMetadata(Anonymous.Mark);
        app.MapGet("/problems/{code}", (RequestDelegate)Problems.Explain);
        app.MapGet(EventStream.Address, (RequestDelegate)app.Services.GetRequiredService<EventStream>().Get);
        app.MapGet(EventSocket.Address, (RequestDelegate)app.Services.GetRequiredService<EventSocket>().Get).WithMetadata(SocketToken.Mark);
        var inForce = new LimitsInForce([.. limits.InForce().Select(Worded), .. parts.Entries.SelectMany(OfMessage)]);
        app.MapGet("/v1/limits", (RequestDelegate)(context => Answers.WriteJson(context, inForce, Answers.Json)));
    }

    private static void MapMessage(WebApplication app, CatalogueEntry entry, FlatMembers members, MessageEndpoint endpoint)
    {
        var address = AddressOf(entry);
        app.MapPost(address, (RequestDelegate)endpoint.Post).WithMetadata(entry);
        if (!entry.IsCommand && members.SayAllRequired)
        {
            app.MapGet(address, (RequestDelegate)endpoint.Get).WithMetadata(entry);
        }

        if (entry.Path is { } path)
        {
            app.MapMethods(path, [entry.IsCommand ? HttpMethods.Delete : HttpMethods.Get], (RequestDelegate)endpoint.Get)
                .WithMetadata(entry, new OwnAddress());
        }
    }

    public static string AddressOf(CatalogueEntry entry) => $"/v1/{(entry.IsCommand ? "commands" : "queries")}/{entry.Name}";

    private static Limit Worded(Limit limit) => limit with { Name = System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(limit.Name) };

    private static IEnumerable<Limit> OfMessage(CatalogueEntry entry) => entry.Text is { } text
        ? [new($"{entry.Name}-text", text.Longest, "bytes", $"A body of {text.MediaType} may be this long."), .. entry.Limits]
        : entry.Limits;
}

/// <summary>What <c>GET /v1/limits</c> answers.</summary>
public sealed record LimitsInForce(IReadOnlyList<Limit> Limits);
