using Kalends.Messages;
using Kalends.Server.Http;
using Kalends.Server.Telemetry.Ops;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Kalends.Server.Telemetry;

/// <summary>
/// Puts the measuring together: all meters of Kalends and the runtime's own, for Prometheus and for <c>/ops</c> where this process serves; traces and metrics
/// by OTLP where an endpoint is set. Nobody traces where none is, and spans cost nothing then.
/// </summary>
internal static class TelemetryParts
{
    public const string MetricsAddress = "/metrics";

    /// <summary>Labels of these are multiplied: messages by outcomes, and problems by applications. They have the library's own room, 2,000 series.</summary>
    private static readonly string[] Wide = ["kalends.message.duration", "kalends.request.problems"];

    /// <summary>For all others, whose labels are few: the room is taken in advance, for each reader, and 13 MB more with the library's own.</summary>
    public const int MostSeries = 200;

    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    public static void Add(IHostApplicationBuilder builder, KalendsSettings settings, bool serves)
    {
        if (settings.Logging.Json)
        {
            builder.Logging.AddJsonConsole(options => (options.UseUtcTimestamp, options.TimestampFormat) = (true, "yyyy-MM-ddTHH:mm:ss.fffZ"));
        }

        builder.Logging.AddFilter(TelemetryLog.Requests, settings.Logging.Json ? LogLevel.Information : LogLevel.Warning);
        builder.Services.AddSingleton<AppNames>();
        if (!settings.Telemetry.Enabled)
        {
            return;
        }

        Say(builder.Configuration, settings.Telemetry);
        builder.Services.AddHostedService<StoreWatch>();
        var (metrics, traces) = (IsSet(builder.Configuration, "METRICS"), IsSet(builder.Configuration, "TRACES"));
        var parts = builder.Services.AddOpenTelemetry().ConfigureResource(resource => resource.AddService(
            builder.Configuration["OTEL_SERVICE_NAME"] ?? "kalends", serviceVersion: typeof(TelemetryParts).Assembly.GetName().Version?.ToString(3)));
        parts.WithMetrics(meters => Add(meters, serves, metrics));
        if (traces)
        {
            // Without this a request's span bears its address, and with it people's ids.
            AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", true);
            parts.WithTracing(tracing => tracing.AddSource(Spans.SourceName, "Microsoft.AspNetCore").AddOtlpExporter());
        }

        if (serves)
        {
            builder.Services.AddSingleton<LastHour>();
        }
    }

    internal static void Bound(MeterProviderBuilder meters) =>
        meters.AddView(instrument => Wide.Contains(instrument.Name) ? null : new MetricStreamConfiguration { CardinalityLimit = MostSeries });

    /// <summary>The wildcard takes in the meters of every capability.</summary>
    private static void Add(MeterProviderBuilder meters, bool serves, bool sends)
    {
        meters.AddMeter("Kalends*", "System.Runtime");
        Bound(meters);
        if (serves)
        {
            meters.AddPrometheusExporter(options => options.ScrapeResponseCacheDurationMilliseconds = 1_000);
            meters.AddReader(services => new PeriodicExportingMetricReader(
                new LastHourExporter(services.GetRequiredService<LastHour>()), (int)LastHour.Step.TotalMilliseconds)
            {
                TemporalityPreference = MetricReaderTemporalityPreference.Delta,
            });
        }

        if (sends)
        {
            meters.AddOtlpExporter();
        }
    }

    /// <summary>The exporters read the standard's own names; ours say the same.</summary>
    private static void Say(IConfigurationBuilder configuration, TelemetrySettings settings)
    {
        var said = new Dictionary<string, string?>(StringComparer.Ordinal);
        if (settings.OtlpEndpoint is { } endpoint)
        {
            said[Endpoint] = endpoint.ToString();
        }

        if (settings.OtlpProtocol is { } protocol)
        {
            said["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol;
        }

        configuration.AddInMemoryCollection(said);
    }

    private static bool IsSet(IConfiguration configuration, string signal) =>
        !string.IsNullOrEmpty(configuration[Endpoint]) || !string.IsNullOrEmpty(configuration[$"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"]);
}
