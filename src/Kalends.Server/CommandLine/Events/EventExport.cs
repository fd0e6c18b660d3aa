using System.Text.Json;
using Kalends.Audit;
using Kalends.Messages.Json;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Server.CommandLine.Events;

/// <summary>Writes trail and publications of tenants, each as one moment has them, page by page.</summary>
internal sealed class EventExport(IStore store, string folder, Instant from, Instant until) : IAsyncDisposable
{
    private const int PerRead = 1_000;

    private readonly DayFiles<Told<TrailRow>> trail = new(
        Path.Combine(folder, "trail"), TrailColumns, row => row.Row.At, row => (row.Row.Before?.Length ?? 0) + (row.Row.After?.Length ?? 0));

    private readonly DayFiles<Told<PublishedRow>> publications = new(
        Path.Combine(folder, "publications"), PublicationColumns, row => row.Row.Time, row => row.Row.Data.Length);

    private static readonly EventColumn<Told<TrailRow>>[] TrailColumns =
    [
        EventColumn<Told<TrailRow>>.Time("at", told => told.Row.At), EventColumn<Told<TrailRow>>.Text("by", told => told.Row.By),
        EventColumn<Told<TrailRow>>.Text("app", told => told.Row.App), EventColumn<Told<TrailRow>>.Text("command", told => told.Row.Command),
        EventColumn<Told<TrailRow>>.Text("command_id", told => told.Row.CommandId.ToString()),
        EventColumn<Told<TrailRow>>.Text("request_id", told => told.Row.RequestId), EventColumn<Told<TrailRow>>.Text("tenant", told => told.Tenant),
        EventColumn<Told<TrailRow>>.Number("entry", told => told.Row.Seq),
        EventColumn<Told<TrailRow>>.Text("appointment", told => told.Row.Appointment?.ToString()),
        EventColumn<Told<TrailRow>>.Text("kind", told => told.Row.Kind), EventColumn<Told<TrailRow>>.Number("version", told => told.Row.Version),
        EventColumn<Told<TrailRow>>.Text("owner", told => told.Owner), EventColumn<Told<TrailRow>>.Time("span_from", told => told.Span?.From),
        EventColumn<Told<TrailRow>>.Time("span_to", told => told.Span?.To), EventColumn<Told<TrailRow>>.Text("before", told => told.Row.Before),
        EventColumn<Told<TrailRow>>.Text("after", told => told.Row.After),
    ];

    private static readonly EventColumn<Told<PublishedRow>>[] PublicationColumns =
    [
        EventColumn<Told<PublishedRow>>.Text("specversion", _ => "1.0"), EventColumn<Told<PublishedRow>>.Text("id", told => told.Row.Id.ToString()),
        EventColumn<Told<PublishedRow>>.Text("type", told => told.Row.Type), EventColumn<Told<PublishedRow>>.Text("subject", told => told.Row.Subject),
        EventColumn<Told<PublishedRow>>.Time("time", told => told.Row.Time), EventColumn<Told<PublishedRow>>.Text("tenant", told => told.Tenant),
        EventColumn<Told<PublishedRow>>.Text("datacontenttype", _ => "application/json"),
        EventColumn<Told<PublishedRow>>.Text("data", told => told.Row.Data),
    ];

    public long Files => trail.Files + publications.Files;

    public async ValueTask<long> Count(IEnumerable<string> tenants, CancellationToken stopped)
    {
        var count = 0L;
        foreach (var tenant in tenants)
        {
            await using var session = await store.Read(tenant, stopped);
            count += await session.Rows<IEventRows>().Count(await KeptFrom(session) ?? from, until);
        }

        return count;
    }

    /// <summary>The answer is from when on it wrote, where earlier days were asked for and have been dropped: their files are left as they are.</summary>
    public async ValueTask<Instant?> Run(string tenant, Action<long> advance, CancellationToken stopped)
    {
        await using var session = await store.Read(tenant, stopped);
        var (rows, kept) = (session.Rows<IEventRows>(), await KeptFrom(session));
        var since = kept ?? from;
        await Through(after => rows.Trail(after, since, until, PerRead), row => row.Seq, row => trail.Add(Tell(tenant, row)), advance, stopped);
        await Through(
            after => rows.Published(after, since, until, PerRead), row => row.Seq, row => publications.Add(new(tenant, row)), advance, stopped);
        await trail.Close();
        await publications.Close();
        return kept;
    }

    /// <summary>Where it is later than what was asked for. Of what is older some may be there yet, and would stand for a whole day.</summary>
    private async ValueTask<Instant?> KeptFrom(IReadSession session) =>
        await session.Rows<IRetentionRows>().Dropped() is { } dropped && dropped.KeptFrom > from ? dropped.KeptFrom : null;

    public async ValueTask DisposeAsync()
    {
        await trail.DisposeAsync();
        await publications.DisposeAsync();
    }

    private static async ValueTask Through<TRow>(
        Func<long, ValueTask<IReadOnlyList<TRow>>> read, Func<TRow, long> place, Func<TRow, ValueTask> write, Action<long> advance, CancellationToken stopped)
    {
        var after = 0L;
        while (await read(after) is { Count: > 0 } page)
        {
            stopped.ThrowIfCancellationRequested();
            foreach (var row in page)
            {
                await write(row);
            }

            after = place(page[^1]);
            advance(page.Count);
        }
    }

    /// <summary>Whose it is and when, as it stands after the change; of what is deleted, before. All-day ones lie elsewhere for everybody.</summary>
    private static Told<TrailRow> Tell(string tenant, TrailRow row)
    {
        if ((row.After ?? row.Before) is not { } said)
        {
            return new(tenant, row);
        }

        using var document = JsonDocument.Parse(said);
        return new(tenant, row)
        {
            Owner = document.RootElement.TryGetProperty("owner", out var owner) ? owner.GetString() : null,
            Span = document.RootElement.TryGetProperty("span", out var span) ? span.Deserialize<Timespan>(WireJson.Options) : null,
        };
    }

    private sealed record Told<TRow>(string Tenant, TRow Row)
    {
        public string? Owner { get; init; }

        public Timespan? Span { get; init; }
    }
}
