using System.Diagnostics.Metrics;
using System.Net;
using Kalends.Server.Telemetry;
using Kalends.Server.Telemetry.Ops;
using Kalends.Tests.Http;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Kalends.Tests.Telemetry;

/// <summary>Who may read figures, and that they are bounded.</summary>
public sealed class MetricsTests(EdgeHost host) : IClassFixture<EdgeHost>
{
    [Fact]
    public async Task Whoever_asks_on_the_same_machine_needs_no_token()
    {
        await host.Ana.Get("/v1/queries/echo");
        using var answer = await host.Stranger.Get("/metrics");
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("text/plain", answer.Content.Headers.ContentType?.MediaType);
        Assert.Contains("kalends_requests_waiting", text, StringComparison.Ordinal);
        Assert.Contains("""kalends_request_problems_total{otel_scope_name="Kalends",app="web",code="invalid",status="400"}""", text, StringComparison.Ordinal);
        Assert.Contains("dotnet_process_memory_working_set_bytes", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("X-Forwarded-For", "203.0.113.7")]
    [InlineData("Forwarded", "for=203.0.113.7")]
    [InlineData("Via", "1.1 proxy")]
    [InlineData("Host", "kalends.example")]
    public async Task What_a_proxy_passes_on_or_asks_by_another_name_needs_one(string header, string value) =>
        await (await host.Stranger.Get("/metrics", (header, value))).Problem(HttpStatusCode.Unauthorized, "unauthenticated");

    [Fact]
    public async Task A_token_must_bear_the_scope_of_operators()
    {
        await using var closed = await EdgeHost.Start("--Kalends:Telemetry:MetricsWithoutToken=nobody");
        await (await closed.Stranger.Get("/metrics")).Problem(HttpStatusCode.Unauthorized, "unauthenticated");
        await (await closed.Ana.Get("/metrics")).Problem(HttpStatusCode.Forbidden, "forbidden");
        using var admin = closed.As(EdgeHost.Token(scope: "kalends.admin"));
        Assert.Equal(HttpStatusCode.OK, (await admin.Get("/metrics")).StatusCode);
    }

    [Fact]
    public async Task Switched_off_there_is_nothing_at_the_addresses()
    {
        await using var off = await EdgeHost.Start("--Kalends:Telemetry:Enabled=false");
        foreach (var address in new[] { "/metrics", "/ops", "/ops/data" })
        {
            await (await off.Ana.Get(address)).Problem(HttpStatusCode.NotFound, "not-found");
        }
    }

    [Fact]
    public void Metrics_have_room_for_their_labels_and_what_comes_on_top_is_added_up()
    {
        var (meter, seen) = (new Meter("bounded"), new Dictionary<string, (int Series, bool Overflows, int Buckets)>(StringComparer.Ordinal));
        using var ended = meter;
        var builder = Sdk.CreateMeterProviderBuilder().AddMeter(meter.Name);
        TelemetryParts.Bound(builder);
        using var provider = builder.AddReader(new BaseExportingMetricReader(new Looking(seen))).Build();
        var (wide, few) = (meter.CreateCounter<long>("kalends.request.problems"), meter.CreateCounter<long>("kalends.queue.sent"));
        var duration = meter.CreateHistogram<double>("kalends.message.duration");
        var lateness = meter.CreateHistogram("kalends.lateness", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 2, 3] });
        for (var number = 0; number < 1_000; number++)
        {
            wide.Add(1, new KeyValuePair<string, object?>("app", number));
            duration.Record(1, new KeyValuePair<string, object?>("message", number));
            few.Add(1, new KeyValuePair<string, object?>("kind", number));
        }

        lateness.Record(1.5);
        provider.ForceFlush();
        Assert.Equal((1_000, false, 0), seen["kalends.request.problems"]);
        Assert.Equal((1_000, false), (seen["kalends.message.duration"].Series, seen["kalends.message.duration"].Overflows));
        Assert.Equal((TelemetryParts.MostSeries + 1, true, 0), seen["kalends.queue.sent"]);
        Assert.Equal((1, false, 4), seen["kalends.lateness"]);
    }

    [Fact]
    public void Applications_beyond_the_first_fifty_are_one()
    {
        var names = new AppNames();
        Assert.Equal("none", names.Bounded(null));
        for (var number = 0; number < AppNames.Most; number++)
        {
            Assert.Equal($"app {number}", names.Bounded($"app {number}"));
        }

        Assert.Equal((AppNames.Other, "app 7"), (names.Bounded("app 50"), names.Bounded("app 7")));
        Assert.Equal(AppNames.Other, new AppNames().Bounded(new string('x', AppNames.LongestName + 1)));
    }

    [Fact]
    public void Percentiles_lie_where_the_counts_say()
    {
        var buckets = new Buckets();
        foreach (var (index, upper, count) in new[] { (0, 0.01, 50L), (1, 0.1, 45L), (2, 1.0, 5L), (3, double.PositiveInfinity, 0L) })
        {
            buckets.Add(index, upper, count);
        }

        Assert.Equal((0.01, 0.1), (buckets.Percentile(0.5), Math.Round(buckets.Percentile(0.95), 9)));
        Assert.Equal(0.82, Math.Round(buckets.Percentile(0.99), 9));
        buckets.Add(3, double.PositiveInfinity, 100);
        Assert.Equal(1.0, buckets.Percentile(0.95));
    }

    [Fact]
    public void An_hour_is_kept_and_no_more_of_it_than_there_is_room_for()
    {
        var hour = new LastHour(TimeProvider.System);
        for (var at = 0; at < LastHour.Steps + 5; at++)
        {
            hour.Add(at, Enumerable.Range(0, LastHour.MostSeries + 1).ToDictionary(number => $"{number}", _ => 1.0));
        }

        Assert.Equal(Enumerable.Range(5, LastHour.Steps).Select(at => (long)at), hour.Moments().Select(moment => moment.At));
        Assert.All(hour.Moments(), moment => Assert.Equal(LastHour.MostSeries, moment.Figures.Count));
    }

    private sealed class Looking(Dictionary<string, (int Series, bool Overflows, int Buckets)> seen) : BaseExporter<Metric>
    {
        public override ExportResult Export(in Batch<Metric> batch)
        {
            foreach (var metric in batch)
            {
                var (series, overflows, buckets) = (0, false, 0);
                foreach (ref readonly var point in metric.GetMetricPoints())
                {
                    series++;
                    foreach (var (name, _) in point.Tags)
                    {
                        overflows |= name == "otel.metric.overflow";
                    }

                    if (metric.MetricType == MetricType.Histogram)
                    {
                        foreach (var bucket in point.GetHistogramBuckets())
                        {
                            buckets++;
                        }
                    }
                }

                seen[metric.Name] = (series, overflows, buckets);
            }

            return ExportResult.Success;
        }
    }
}
