using Kalends.Messages;
using Kalends.Operations;
using Kalends.Queue;
using Kalends.Reminders;
using Kalends.Schedules;
using Kalends.Server.Http.Bearer;
using Kalends.Server.Http.OpenApi;
using Kalends.Server.Outgoing;
using Kalends.Server.Redis;
using Kalends.Server.Reminders;
using Kalends.Server.Telemetry;
using Kalends.Server.Telemetry.Ops;
using Kalends.Server.Workers;
using Kalends.Storage;
using Kalends.Webhooks;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Kalends.Server.Http;

/// <summary>
/// Puts the HTTP host together. A request passes, in this order: faults (whatever goes wrong becomes a problem), routing, the token,
/// the person's rate, then the message's own endpoint, which reads the body, waits for its turn, runs and answers.
/// </summary>
public static class KalendsHost
{
    /// <summary>
    /// Settings are read once. The host would watch its folder for changes of them, and all below it, which for a service is often the whole disk.
    /// </summary>
    private const string NotWatching = "--hostBuilder:reloadConfigOnChange=false";

    /// <summary>
    /// A host not started yet. Arguments are configuration, such as <c>--urls=http://127.0.0.1:0</c> or <c>--environment=Development</c>.
    /// Throws <see cref="SettingsException"/> when it could not serve as it is set up.
    /// </summary>
    public static WebApplication Build(string[] arguments, HostParts parts) => Build(WebApplication.CreateSlimBuilder([NotWatching, .. arguments]), parts);

    public static WebApplication Build(WebApplicationBuilder builder, HostParts parts)
    {
        var settings = KalendsSettings.From(builder.Configuration);
        var development = builder.Environment.IsDevelopment() ? DevelopmentKey.Open(settings.Development) : null;
        var issuers = TrustedIssuers.Of(settings, development);
        Configure(builder, settings.Limits);
        TelemetryParts.Add(builder, settings, serves: true);
        AddParts(builder.Services, parts, settings, issuers);
        var app = builder.Build();
        if (development is not null)
        {
            Log.Development(app.Logger, development.File);
        }

        parts.Store.Listen(news =>
        {
            if (news.IsGood)
            {
                Log.StoreIsBetter(app.Logger, news.Sentence);
            }
            else
            {
                Log.StoreIsWorse(app.Logger, news.Sentence);
            }
        });
        app.UseMiddleware<RequestWatch>();
        app.UseMiddleware<Faults>();
        app.UseWebSockets();
        app.UseRouting();
        app.UseMiddleware<Authentication>();
        Endpoints.Map(app, parts, settings.Limits);
        Documents.Map(app, isOpen: development is not null);
        if (settings.Telemetry.Enabled)
        {
            app.MapPrometheusScrapingEndpoint(TelemetryParts.MetricsAddress).WithMetadata(new ForOperators(settings.Telemetry.MetricsWithoutToken));
            OpsPage.Map(app, new(app.Services.GetRequiredService<LastHour>(), settings.Thresholds, parts.Entries), development is not null);
        }

        return app;
    }

    private static void Configure(WebApplicationBuilder builder, LimitSettings limits)
    {
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(limits.ShutdownSeconds));
        builder.Services.Configure<KestrelServerOptions>(server => Configure(server, limits));
        // What arrived is read, and what is answered sent, by the thread of the pool that woke for it, without waking another for each.
        builder.Services.Configure<SocketTransportOptions>(socket => socket.UnsafePreferInlineScheduling = true);
    }

    private static void Configure(KestrelServerOptions server, LimitSettings limits)
    {
        // The server counts by a heartbeat of one second, so a shorter grace means nothing to it.
        var slow = new MinDataRate(limits.SlowBytesPerSecond, TimeSpan.FromSeconds(Math.Max(limits.SlowSeconds, 2)));
        server.AddServerHeader = false;
        server.Limits.MinRequestBodyDataRate = slow;
        server.Limits.MinResponseDataRate = slow;
        server.Limits.MaxRequestHeadersTotalSize = limits.HeaderBytes;
        server.Limits.MaxRequestLineSize = limits.AddressBytes;
        server.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(limits.HeaderSeconds);
        server.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(limits.IdleSeconds);
        server.Limits.MaxConcurrentConnections = limits.Connections;
        server.Limits.MaxConcurrentUpgradedConnections = limits.Connections;
        // RequestBody alone reads bodies and answers those that are too long; the server would close the connection instead.
        server.Limits.MaxRequestBodySize = null;
    }

    /// <summary>A host without HTTP, whose workers alone do something.</summary>
    public static IHost BuildWorkers(string[] arguments, HostParts parts)
    {
        var builder = Host.CreateApplicationBuilder([NotWatching, .. arguments]);
        var settings = KalendsSettings.From(builder.Configuration);
        builder.Logging.AddFilter("Microsoft.Hosting", LogLevel.Warning);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(settings.Limits.ShutdownSeconds));
        TelemetryParts.Add(builder, settings, serves: false);
        AddInner(builder.Services, parts, settings);
        return builder.Build();
    }

    private static void AddParts(IServiceCollection services, HostParts parts, KalendsSettings settings, TrustedIssuers issuers) =>
        AddInner(services, parts, settings)
            .AddSingleton(issuers)
            .AddSingleton<BearerTokens>()
            .AddSingleton<PersonRates>()
            .AddSingleton<Workload>()
            .AddSingleton<Health>()
            .AddSingleton(EventStream.FeedOf)
            .AddSingleton<EventStream>()
            .AddSingleton<EventSocket>()
            .AddSingleton<ChangeStream>()
            .AddSingleton<Streaming>()
            .AddHostedService<CountingViews>()
            .AddKalendsDocument(parts.Entries);

    /// <summary>What has nothing to do with HTTP.</summary>
    private static IServiceCollection AddInner(IServiceCollection services, HostParts parts, KalendsSettings settings)
    {
        foreach (var work in parts.Works)
        {
            services.AddSingleton(work);
        }

        RedisParts.Add(services, settings.Redis);

        return services
            .AddSingleton<IWork>(provider => new OperationWork(provider.GetRequiredService<Dispatcher>(), parts.Entries))
            .AddSingleton(provider => HostSchedules.Of(provider.GetRequiredService<IStore>(), provider.GetRequiredService<Dispatcher>(), settings))
            .AddSingleton<IWork>(provider => new ScheduleWork(KnownSchedules.Upkeep, provider.GetRequiredService<IReadOnlyList<Schedule>>()))
            .AddSingleton<IWork>(provider => new ScheduleWork(ReminderBatch.Queue, provider.GetRequiredService<IReadOnlyList<Schedule>>()))
            .AddSingleton(Channels.Of)
            .AddSingleton<IWork>(Channels.Work)
            .AddSingleton<IWebhookSender>(provider => new WebhookSender(settings.Outgoing.Rules(), provider.GetRequiredService<TimeProvider>()))
            .AddSingleton<IWork>(provider => new WebhookWork(
                parts.Permissions, provider.GetRequiredService<IWebhookSender>(), settings.Webhooks.Patience()))
            .AddSingleton<IWork>(provider => new SingleEventWork(parts.Permissions, provider.GetRequiredService<IWebhookSender>()))
            .AddSingleton<Deferral>()
            .AddSingleton(settings.Cache.Before(parts.Store))
            .AddSingleton(parts.Clock)
            .AddSingleton(parts.Permissions)
            .AddSingleton(settings)
            .AddSingleton(settings.Limits)
            .AddSingleton(TimeProvider.System)
            .AddSingleton(provider => new Dispatcher(provider.GetRequiredService<IStore>(), parts.Permissions, parts.Clock)
            {
                Outgoing = settings.Outgoing.Rules(),
                ApplicationServerKey = settings.Reminders.Push.Identity?.PublicKey,
            })
            .AddHostedService<Preparation>()
            .AddHostedService<SealingTrail>()
            .AddHostedService<PlantingSchedules>()
            .AddHostedService<QueueWorkers>()
            .AddHostedService<WatchingPublications>();
    }
}
