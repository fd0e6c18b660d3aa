using Kalends.Messages;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Publications;

/// <summary>
/// Copies what is published in a tenant to a relay, in order and as far as it is settled. How far it has come is noted nowhere but in the relay: it is asked
/// where it stands, and nothing is appended to what stands elsewhere. So whoever dies, whoever writes beside this one and whatever the relay loses, the next
/// step goes on behind what is there.
/// </summary>
/// <param name="store">Whose publications.</param>
/// <param name="permissions">Decides what of them is told.</param>
/// <param name="relay">Where to.</param>
/// <param name="reader">As whom to judge, and in which tenant.</param>
/// <param name="keep">So many of the latest are copied where nothing is there.</param>
public sealed class TenantRelay(IStore store, IPermissions permissions, IRelay relay, Caller reader, int keep)
{
    private const int PageSize = 500;

    private static readonly Duration Soon = Duration.FromMilliseconds(10);

    private RelayHistory? history;

    /// <summary>Of the last event there; null where that is not known.</summary>
    private long? last;

    /// <summary>How far publications were looked at: what came after the last event is not to be told.</summary>
    private long place;

    private FeedMark? mark;

    /// <summary>Whether the last step left behind what was committed before the step that came before it.</summary>
    public bool IsBehind { get; private set; }

    /// <param name="looks">Whether to see where the relay stands, also where nothing is to be appended.</param>
    /// <param name="stopped">Ends it.</param>
    /// <returns>When there may be more: at once, when what began before is over, or null: when something is committed.</returns>
    public async ValueTask<Duration?> Step(bool looks, CancellationToken stopped)
    {
        if (looks || last is null)
        {
            await Look(stopped);
        }

        var (page, events) = await Read(stopped);
        if (events.Count > 0)
        {
            var found = await relay.Append(reader.Tenant, history!, last!.Value, events, stopped);
            if (found != events[^1].Seq)
            {
                last = null;
                return Duration.Zero;
            }

            last = found;
        }

        IsBehind = page.IsFull || (page.Mark is not null && page.Mark == mark);
        (place, mark) = (page.Through, page.Mark);
        return page.IsFull ? Duration.Zero : page.Mark is null ? null : Soon;
    }

    private async ValueTask Look(CancellationToken stopped)
    {
        history ??= await HistoryOf(stopped);
        var found = await relay.Append(reader.Tenant, history, last ?? 0, [], stopped);
        if (found == last)
        {
            return;
        }

        await using var session = await store.Read(reader.Tenant, stopped);
        var rows = session.Rows<IPublicationRows>();
        if (await rows.BeforeLast(0) is var newest and > 0 && found > newest)
        {
            // Of numbers that the store has not given: it lost its last commits, and what is there tells of what never was. Or it is not our writing.
            await relay.Drop(reader.Tenant, stopped);
            found = 0;
        }

        (last, place, mark) = (found, found > 0 ? found : await rows.BeforeLast(keep), null);
    }

    private async ValueTask<RelayHistory> HistoryOf(CancellationToken stopped)
    {
        await using var session = await store.Read(reader.Tenant, stopped);
        return RelayHistory.Of(session.SealingKeys);
    }

    private async ValueTask<(FeedPage Page, IReadOnlyList<RelayedEvent> Events)> Read(CancellationToken stopped)
    {
        await using var session = await store.Read(reader.Tenant, stopped);
        var page = await session.Rows<IPublicationRows>().Read(place, mark, PageSize);
        var entries = PlacedEntry.Of(page.Entries);
        var sight = await PublicationSight.Over(session, permissions, entries, [reader.Person]);
        return (page, [.. (await sight.Shown(reader, FeedFilter.All, entries)).Select(shown => new RelayedEvent(shown.Seq, shown.Json))]);
    }
}
