using System.CommandLine;
using System.Globalization;
using System.Text;
using Kalends.Queue;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Server.CommandLine.Verbs;

/// <summary>What lies in the queues, of all tenants or one; and what to do about dead letters.</summary>
internal sealed class QueueVerb(Surroundings surroundings)
{
    private const int Page = 1_000;

    private const int LongestShown = 120;

    private readonly Option<string?> store = Configured.StoreOption();

    private readonly Option<string?> tenant = new("--tenant") { Description = "One tenant; all when absent." };

    public static Command Create(Surroundings surroundings)
    {
        var verb = new ExplainedCommand("queue", "Shows what lies in the queues, and requeues or deletes dead letters: list, peek, requeue, delete")
        {
            Example = "kalends queue list\nkalends queue peek --dead\nkalends queue requeue 4711",
        };
        var own = new QueueVerb(surroundings);
        foreach (var part in new[] { own.List(), own.Peek(), own.Requeue(), own.Delete() })
        {
            part.Add(own.tenant);
            part.Add(own.store);
            verb.Add(part);
        }

        return verb;
    }

    private ExplainedCommand List()
    {
        var verb = new ExplainedCommand("list", "Counts messages by queue and kind: waiting, delayed, held by a worker, dead; and how old the oldest is")
        {
            Example = "kalends queue list --tenant acme",
        };
        verb.SetAction((parsed, stopped) => OfEach(
            parsed,
            async (opened, tenants) =>
            {
                var now = surroundings.Clock.GetCurrentInstant();
                var counts = new List<QueueCount>();
                foreach (var name in tenants)
                {
                    await using var session = await opened.Read(name, stopped);
                    counts.AddRange(await session.Rows<IQueueRows>().Count(now));
                }

                Tables.Write(
                    surroundings, ["queue", "kind", "waiting", "delayed", "held", "dead", "oldest"],
                    counts.GroupBy(count => (count.Queue, count.Kind)).OrderBy(group => group.Key).Select(group => Row(group.Key, [.. group], now)));
                return ExitCodes.Done;
            },
            stopped));
        return verb;
    }

    private ExplainedCommand Peek()
    {
        var dead = new Option<bool>("--dead") { Description = "Dead letters, with what went wrong last." };
        var limit = new Option<int>("--limit") { Description = "So many at most.", DefaultValueFactory = _ => 20 };
        var verb = new ExplainedCommand("peek", "Shows messages, the oldest first, without touching them; no more of a body than its beginning")
        {
            Example = "kalends queue peek --dead --limit 5",
        };
        verb.Add(dead);
        verb.Add(limit);
        verb.SetAction((parsed, stopped) => OfEach(
            parsed,
            async (opened, tenants) =>
            {
                var (rows, most) = (new List<IReadOnlyList<string>>(), Math.Clamp(parsed.GetValue(limit), 1, Page));
                foreach (var name in tenants)
                {
                    await using var session = await opened.Read(name, stopped);
                    rows.AddRange((await session.Rows<IQueueRows>().Page(parsed.GetValue(dead), 0, most)).Select(message => Row(name, message)));
                }

                var when = parsed.GetValue(dead) ? "shelved" : "visible";
                string[] headings = ["id", "tenant", "queue", "kind", "destination", "sent", "reads", when, "error", "body"];
                Tables.Write(surroundings, headings, rows.OrderBy(row => long.Parse(row[0], CultureInfo.InvariantCulture)).Take(most));
                return ExitCodes.Done;
            },
            stopped));
        return verb;
    }

    private ExplainedCommand Requeue()
    {
        var (ids, all) = (Ids(), new Option<bool>("--all-dead") { Description = "All dead letters." });
        var verb = new ExplainedCommand("requeue", "Puts dead letters back: unread, and with as long until their deadline as they had at first")
        {
            Example = "kalends queue requeue 4711 4712\nkalends queue requeue --all-dead --tenant acme",
        };
        verb.Add(ids);
        verb.Add(all);
        verb.Validators.Add(result =>
        {
            if (result.GetValue(all) == result.GetValue(ids) is { Length: > 0 })
            {
                result.AddError("name dead letters by their ids, or all with --all-dead");
            }
        });
        verb.SetAction((parsed, stopped) => Change(
            parsed, "requeued", !parsed.GetValue(all), (rows, now) => rows.Requeue(parsed.GetValue(all) ? null : parsed.GetValue(ids), now), stopped));
        return verb;
    }

    private ExplainedCommand Delete()
    {
        var ids = Ids();
        var verb = new ExplainedCommand("delete", "Forgets messages and dead letters for good")
        {
            Example = "kalends queue delete 4711",
        };
        ids.Arity = ArgumentArity.OneOrMore;
        verb.Add(ids);
        verb.SetAction((parsed, stopped) => Change(parsed, "deleted", isNamed: true, (rows, _) => rows.Delete(parsed.GetValue(ids)!), stopped));
        return verb;
    }

    private static Argument<long[]> Ids() => new("ID") { Description = "Ids, as peek shows them.", Arity = ArgumentArity.ZeroOrMore };

    private Task<int> Change(
        ParseResult parsed, string done, bool isNamed, Func<IQueueWrites, Instant, ValueTask<long>> change, CancellationToken stopped) => OfEach(
        parsed,
        async (opened, tenants) =>
        {
            var count = await ProgressOf.Run(surroundings, done, tenants.Count, async advance =>
            {
                var changed = 0L;
                foreach (var name in tenants)
                {
                    await using var session = await opened.Write(name, stopped);
                    changed += await change(session.Rows<IQueueWrites>(), surroundings.Clock.GetCurrentInstant());
                    await session.Commit(stopped);
                    advance(1);
                }

                return changed;
            });
            await surroundings.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{count:N0} {done}"));
            return count > 0 || !isNamed ? ExitCodes.Done : ExitCodes.Failed;
        },
        stopped);

    private async Task<int> OfEach(ParseResult parsed, Func<IStore, IReadOnlyList<string>, Task<int>> act, CancellationToken stopped)
    {
        await using var opened = Configured.Read(parsed.GetValue(store)).OpenForReading();
        IReadOnlyList<string> known = [IStore.OwnTenant, .. await opened.Tenants(stopped)];
        if (parsed.GetValue(tenant) is not { } one)
        {
            return await act(opened, known);
        }

        if (known.Contains(one))
        {
            return await act(opened, [one]);
        }

        await surroundings.Error.WriteLineAsync($"kalends: there is no tenant {one} in this store");
        return ExitCodes.Failed;
    }

    private static string[] Row((string Queue, string Kind) key, IReadOnlyList<QueueCount> counts, Instant now)
    {
        var oldest = counts.Min(count => count.Oldest);
        return
        [
            key.Queue, key.Kind, Text(counts.Sum(count => count.Waiting)), Text(counts.Sum(count => count.Delayed)), Text(counts.Sum(count => count.Held)),
            Text(counts.Sum(count => count.Dead)), oldest is { } since ? string.Create(CultureInfo.InvariantCulture, $"{(now - since).TotalSeconds:N0} s") : "",
        ];
    }

    private static string[] Row(string tenant, QueueMessage message) =>
    [
        Text(message.Id), tenant, message.Queue, message.Kind, message.Destination ?? "", $"{message.EnqueuedAt}", Text(message.Reads),
        message.IsHeld ? $"held until {message.VisibleAt}" : $"{message.VisibleAt}", message.LastError ?? "", Shown(message.Body),
    ];

    private static string Shown(byte[] body) => Encoding.UTF8.GetString(body) is var text && text.Length > LongestShown ? text[..LongestShown] + "…" : text;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
