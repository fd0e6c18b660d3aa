using System.Text;
using Kalends.Messages;
using Kalends.Publications;
using Kalends.Server.Http.Bearer;
using Kalends.Server.Redis;
using Kalends.Storage;
using Microsoft.AspNetCore.Http.Features;
using NodaTime;

namespace Kalends.Server.Http;

/// <summary>
/// <c>GET /v1/events</c>: the live feed as server-sent events (WHATWG HTML §9.2), until whoever listens leaves, their token ends or the process does.
/// </summary>
internal sealed class EventStream(
    Feed feed, BearerTokens tokens, TimeProvider time, IHostApplicationLifetime process)
{
    public const string Address = "/v1/events";

    /// <summary>Ids are of one length, far below.</summary>
    public const int LongestId = 200;

    private const string LastId = "lastEventId";

    /// <summary>Timers count to 49 days; a token that lasts longer is asked for again by then.</summary>
    private static readonly Duration Longest = Duration.FromDays(30);

    /// <summary>A timer counts in steps of some milliseconds and may end one early, when the token would still open another stream.</summary>
    private static readonly Duration Steps = Duration.FromMilliseconds(100);

    private static readonly byte[] Beat = ": heartbeat\n"u8.ToArray();

    private static readonly byte[] Retry = "retry: 1000\n"u8.ToArray();

    public static Feed FeedOf(IServiceProvider services)
    {
        var (limits, log) = (services.GetRequiredService<LimitSettings>(), services.GetRequiredService<ILogger<EventStream>>());
        var feed = new Feed(
            services.GetRequiredService<IStore>(), services.GetRequiredService<IPermissions>(), services.GetRequiredService<IClock>(),
            services.GetRequiredService<TimeProvider>(), new(limits.ListenersPerPerson, limits.Listeners))
        {
            Failed = fault => Log.FeedFailed(log, fault),
            HearsOthers = RedisParts.HearsOthers(services),
        };
        RedisParts.Ring(services, feed);
        services.GetRequiredService<Dispatcher>().OnCommitted(feed.Ring);
        return feed.Measured();
    }

    public Task Get(HttpContext context) => Serve(context, (listening, ending) => Send(context, listening, ending.Token));

    /// <summary>What is the same whichever way events are sent: what was asked for, and when it ends.</summary>
    public async Task Serve(HttpContext context, Func<Listening, Ending, Task> send)
    {
        var caller = context.Features.GetRequiredFeature<Caller>();
        var asked = Read(context.Request, caller);
        using var ending = new CancellationTokenSource(Left(tokens, context.Request), time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, process.ApplicationStopping, ending.Token);
        var begun = asked.Refusal is { } refusal
            ? refusal
            : await feed.Listen(caller, asked.Value.Filter, asked.Value.LastId, context.RequestAborted);
        if (begun.Refusal is { } refused)
        {
            await Problems.Write(context, refused);
            return;
        }

        using var listening = begun.Value;
        try
        {
            await send(listening, new(() => ending.IsCancellationRequested, end.Token));
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            // The last event is whole, and its id goes on from there.
            await context.Response.StartAsync(CancellationToken.None);
        }
    }

    private static async Task Send(HttpContext context, Listening listening, CancellationToken stopped)
    {
        var response = context.Response;
        ServerSentEvents.Begin(response);
        var isFirst = true;
        await foreach (var item in listening.Items(stopped))
        {
            Write(response, item, isFirst);
            isFirst = false;
            await response.BodyWriter.FlushAsync(stopped);
        }
    }

    private static void Write(HttpResponse response, FeedItem item, bool isFirst)
    {
        var writer = response.BodyWriter;
        if (item.Json is null)
        {
            ServerSentEvents.Put(writer, isFirst ? Retry : Beat);
            ServerSentEvents.Put(writer, Encoding.UTF8.GetBytes($"id: {item.Id}\n\n"));
            return;
        }

        ServerSentEvents.Put(writer, Encoding.UTF8.GetBytes($"id: {item.Id}\n"));
        ServerSentEvents.Write(writer, item.Type!, item.Json);
    }

    private static Outcome<Asked> Read(HttpRequest request, Caller caller)
    {
        if (!caller.Scopes.HasFlag(Scopes.Read))
        {
            return Refusal.Of(RefusalCode.Forbidden, "The token lacks the scope kalends.read.");
        }

        var (parameters, errors) = (Parameters.Of(request), new Errors());
        var filter = FeedFilter.Of(parameters.Take("calendar"), parameters.Take("type"), errors);
        var (inAddress, inHeader) = (parameters.Take(LastId), request.Headers["Last-Event-ID"]);
        errors.Require(inAddress.Count <= 1 && inHeader.Count <= 1, LastId, "must be said once");
        foreach (var name in parameters.Names)
        {
            errors.Add(name, $"is not a parameter of this address, which takes calendar, type and {LastId}");
        }

        // A browser that comes again says the newer one in the header, and the address as it was.
        var last = inHeader.Count > 0 ? inHeader[0] : inAddress.Count > 0 ? inAddress[0] : null;
        return errors.Refusal is { } refusal ? refusal : new Asked(filter, string.IsNullOrEmpty(last) ? null : last);
    }

    /// <summary>How long the token goes on being valid.</summary>
    internal static TimeSpan Left(BearerTokens tokens, HttpRequest request) => Duration.Min(
        tokens.Left(request.Headers.Authorization.ToString()[Authentication.Scheme.Length..].Trim(' ')) + Steps, Longest).ToTimeSpan();

    private sealed record Asked(FeedFilter Filter, string? LastId);
}

/// <summary>When a stream ends though nobody left it: with the token, or with the process.</summary>
internal sealed record Ending(Func<bool> IsTokenOver, CancellationToken Token);
