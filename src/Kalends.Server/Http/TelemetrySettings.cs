using Kalends.Server.Telemetry;

namespace Kalends.Server.Http;

/// <summary>What the process tells of itself, section <c>Kalends:Telemetry</c>.</summary>
public sealed record TelemetrySettings
{
    /// <summary>False: nothing is measured, and neither <c>/metrics</c> nor <c>/ops</c> is there.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Who may read <c>/metrics</c> without a token; others need one with kalends.admin.</summary>
    public WithoutToken MetricsWithoutToken { get; init; } = WithoutToken.Loopback;

    /// <summary>Where traces and metrics are sent by OTLP; the standard OTEL_EXPORTER_OTLP_ENDPOINT says the same. Nowhere when both are absent.</summary>
    public Uri? OtlpEndpoint { get; init; }

    /// <summary><c>grpc</c> or <c>http/protobuf</c>, as OTEL_EXPORTER_OTLP_PROTOCOL.</summary>
    public string? OtlpProtocol { get; init; }

    internal bool CanBeMeant => (OtlpProtocol is null or "grpc" or "http/protobuf")
        && OtlpEndpoint is null or { IsAbsoluteUri: true, Scheme: "http" or "https" };
}

/// <summary>How the process logs, section <c>Kalends:Logging</c>; levels are the usual section <c>Logging</c>.</summary>
public sealed record LogSettings
{
    /// <summary>
    /// A JSON object a line on standard output, and a line for each request: message, outcome, duration, ids of request and trace.
    /// </summary>
    public bool Json { get; init; }
}
