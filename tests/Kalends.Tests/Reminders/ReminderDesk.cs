using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Kalends.Appointments;
using Kalends.Messages;
using Kalends.Publications;
using Kalends.Reminders;
using Kalends.Storage;
using Kalends.Tests.Conversations;
using Kalends.Tests.Queue;
using NodaTime;

namespace Kalends.Tests.Reminders;

/// <summary>A channel that notes what it is given, and answers what a test tells it to.</summary>
internal sealed class NotedChannel : IReminderChannel
{
    private readonly Lock changing = new();

    public List<OutgoingReminder> Sent { get; } = [];

    public Func<OutgoingReminder, SendResult> Answer { get; set; } = _ => SendResult.Sent;

    /// <summary>Before a batch is sent: between the look and the sending.</summary>
    public Func<Task>? Before { get; set; }

    public ReminderChannel Kind => ReminderChannel.Email;

    public int AtOnce { get; set; } = ReminderBatch.Most;

    public ValueTask<IReadOnlyDictionary<CalendarId, IReadOnlyList<ReminderAddress>>> AddressesOf(IReadOnlyCollection<Calendar> people, IReadSession session) =>
        ReminderAddress.In(people, person => person.Email);

    public async IAsyncEnumerable<IReadOnlyList<SendResult>> Send(
        IAsyncEnumerable<IReadOnlyList<OutgoingReminder>> reminders, [EnumeratorCancellation] CancellationToken stopped)
    {
        await foreach (var some in reminders.WithCancellation(stopped))
        {
            await (Before?.Invoke() ?? Task.CompletedTask);
            yield return Sending(some);
        }
    }

    private IReadOnlyList<SendResult> Sending(IReadOnlyList<OutgoingReminder> reminders)
    {
        lock (changing)
        {
            return [.. reminders.Select(one =>
            {
                var answer = Answer(one);
                if (answer.End is SendEnd.Sent or SendEnd.Unknown)
                {
                    Sent.Add(one);
                }

                return answer;
            })];
        }
    }
}

internal static class Channels
{
    /// <summary>By a channel alone: what is left where it ends early is for later, as the last one was.</summary>
    public static async Task<IReadOnlyList<SendResult>> Send(this IReminderChannel channel, IReadOnlyList<OutgoingReminder> reminders, CancellationToken stopped)
    {
        var results = new List<SendResult>();
        await foreach (var some in channel.Send(reminders.Chunk(channel.AtOnce).ToAsyncEnumerable(), stopped))
        {
            results.AddRange(some);
        }

        return [.. results, .. Enumerable.Repeat(results[^1] with { End = SendEnd.Later }, reminders.Count - results.Count)];
    }
}

/// <summary>A desk at which reminders are claimed and sent, on a clock that a test moves.</summary>
internal sealed class ReminderDesk : IAsyncDisposable
{
    public static readonly Caller Admin = Desk.As("user:root", scopes: Scopes.Read | Scopes.Write | Scopes.Admin);

    private ReminderDesk(Desk desk)
    {
        Desk = desk;
        Channels = [Channel];
    }

    public Desk Desk { get; }

    public NotedChannel Channel { get; } = new();

    public List<IReminderChannel> Channels { get; }

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    public static async Task<ReminderDesk> Open(params string[] people)
    {
        var desk = new ReminderDesk(await Conversations.Desk.Open());
        desk.Desk.WatchesVersions = false;
        await desk.Meet("acme", people.Length == 0 ? ["ana", "ben"] : people);
        return desk;
    }

    public Task Meet(string tenant, params string[] people) => Desk.Do(
        "save-calendars",
        $$"""{"calendars":[{{string.Join(',', people.Select(name => $$"""{"calendar":"user:{{name}}","kind":"user","timeZone":"Europe/Paris","email":"{{name}}@example.com"}"""))}}]}""",
        Admin with { Tenant = tenant });

    /// <summary>At 09:00 in UTC on the day of the clock, unless it says otherwise.</summary>
    public Task<string> Save(string more, string start = "2026-11-02T09:00:00", Caller? caller = null) =>
        Desk.Save($$"""{"title":"Budget","start":"{{start}}","timeZone":"UTC","duration":"PT1H",{{more}}}""", caller);

    public async Task<JsonNode> Claim(string json = "{}", string tenant = "acme") => await Desk.Do("send-reminders", json, Admin with { Tenant = tenant });

    /// <summary>Claims what is due each minute, and sends it, up to a moment: of a longer time its last ten minutes.</summary>
    public async Task RunUntil(Instant until, string tenant = "acme")
    {
        Desk.Clock.Now = Instant.Max(Desk.Clock.Now, until - Duration.FromMinutes(10));
        for (; Desk.Clock.Now <= until; Desk.Clock.Now += Duration.FromMinutes(1))
        {
            await Claim(tenant: tenant);
            await Send();
        }

        Desk.Clock.Now = until;
    }

    public Task<int> Send() => Worker().Work();

    public Hands Worker() => new(Desk.Store, Desk.Clock, new ReminderWork(Channels, new(new(1, 1)), _ => { }, () => 0.5));

    /// <summary>Who was reminded of what, in order: <c>ana 2026-11-02T09:00:00Z</c>.</summary>
    public IEnumerable<string> Sent => Channel.Sent.Select(one => $"{one.Person.Id.Value[5..]} {one.Start}");

    /// <summary>What was published of reminders.</summary>
    public async Task<List<JsonNode>> Published(string tenant = "acme")
    {
        await using var session = await Desk.Store.Read(tenant, Stopped);
        var page = await session.Rows<IPublicationRows>().Read(0, null, 10_000);
        if (page.Mark is { } mark)
        {
            page = await session.Rows<IPublicationRows>().Read(0, FeedMark.Settled(mark.Seq), 10_000);
        }

        return [.. page.Entries.Where(entry => entry.Type.StartsWith("kalends.reminder.", StringComparison.Ordinal))
            .Select(entry => JsonNode.Parse(entry.Data)!)];
    }

    public async Task<IEnumerable<string>> Failures(string tenant = "acme") =>
        (await Published(tenant)).Where(one => one["code"] is not null).Select(one => $"{((string)one["calendar"]!)[5..]} {one["code"]}");

    public ValueTask DisposeAsync() => Desk.DisposeAsync();
}
