using System.Diagnostics.Metrics;
using Kalends.Queue;
using Kalends.Server.Telemetry;
using Kalends.Tests.Conversations;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;

namespace Kalends.Tests.Telemetry;

/// <summary>What is told of the store as a whole.</summary>
public sealed class StoreWatchTests
{
    [Fact]
    public async Task Queues_and_horizons_are_told_as_they_are()
    {
        await using var desk = await Desk.Open();
        await desk.Save("""{"start":"2026-11-25T09:00:00","timeZone":"UTC","duration":"PT1H","recurrence":{"rule":"FREQ=WEEKLY"}}""");
        await using (var session = await desk.Store.Write("acme", TestContext.Current.CancellationToken))
        {
            await session.Rows<IQueueWrites>().Send(new("letters", "letter", "{}"u8.ToArray(), desk.Clock.Now + Duration.FromDays(1)), desk.Clock.Now);
            await session.Commit(TestContext.Current.CancellationToken);
        }

        desk.Clock.Now += Duration.FromDays(40);
        using var watch = new StoreWatch(desk.Store, desk.Clock, TimeProvider.System, NullLogger<StoreWatch>.Instance);
        await watch.StartAsync(TestContext.Current.CancellationToken);
        var told = await Told("letters", $"kalends.series.horizon.lag={40 * 86_400}");
        await watch.StopAsync(TestContext.Current.CancellationToken);
        Assert.Contains("kalends.queue.depth letters waiting=1", told);
        Assert.Contains("kalends.queue.depth letters dead=0", told);
        Assert.Contains($"kalends.queue.oldest letters={40 * 86_400}", told);
    }

    /// <summary>Other tests of this process have watches of their own, so those are looked at that know of the queue; until one figure is among them.</summary>
    private static async Task<List<string>> Told(string queue, string awaited)
    {
        for (var attempt = 0; ; attempt++)
        {
            var told = new List<string>();
            using var listener = new MeterListener();
            listener.InstrumentPublished = (instrument, itself) =>
            {
                if (instrument.Name.StartsWith("kalends.queue.", StringComparison.Ordinal) || instrument.Name.StartsWith("kalends.series.", StringComparison.Ordinal))
                {
                    itself.EnableMeasurementEvents(instrument);
                }
            };
            listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
            listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
            listener.Start();
            listener.RecordObservableInstruments();
            if (told.Contains(awaited) || attempt == 200)
            {
                Assert.Contains(awaited, told);
                Assert.Contains(told, line => line.Contains(queue, StringComparison.Ordinal));
                return told;
            }

            await Task.Delay(20, TestContext.Current.CancellationToken);

            void Note<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags) => told.Add(
                FormattableString.Invariant($"{string.Join(' ', [instrument.Name, .. tags.ToArray().Select(tag => tag.Value)])}={value}"));
        }
    }
}
