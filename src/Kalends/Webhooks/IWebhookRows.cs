using Kalends.Storage;
using NodaTime;

namespace Kalends.Webhooks;

/// <summary>A tenant's webhooks, and what came of what they were sent.</summary>
public interface IWebhookRows
{
    /// <summary>No delivery ends so late.</summary>
    static readonly Instant Latest = Instant.FromUtc(9_000, 1, 1, 0, 0);

    /// <summary>Or null; locked where the session writes.</summary>
    ValueTask<Webhook?> Find(Guid id);

    /// <summary>Of a person, or all, in order of id.</summary>
    ValueTask<IReadOnlyList<Webhook>> All(CalendarId? person);

    /// <summary>How far publications of the tenant were looked at for webhooks; null before the first.</summary>
    ValueTask<long?> Place();

    /// <summary>The number of a publication before which all are older than a moment, as nearly as their order tells.</summary>
    ValueTask<long> Before(Instant moment);

    /// <summary>Of a webhook, the latest first, from just before one: its end and its event.</summary>
    ValueTask<IReadOnlyList<Delivery>> Deliveries(Guid webhook, DeliveryStatus? status, Instant? endedBefore, Guid? eventBefore, int limit);

    ValueTask<Delivery?> FindDelivery(Guid webhook, Guid eventId);
}

public interface IWebhookWrites : IWebhookRows
{
    /// <summary>What is older is forgotten, a few with each that is added.</summary>
    static readonly Duration KeptFor = Duration.FromDays(7);

    /// <summary>The place of the tenant, locked: none is looked at for webhooks, or becomes or ceases to be one, before this transaction ends.</summary>
    ValueTask<long?> LockPlace();

    ValueTask SetPlace(long place);

    ValueTask Add(Webhook webhook);

    /// <summary>All but whose it is and when it was made.</summary>
    ValueTask Save(Webhook webhook);

    ValueTask Delete(Guid id);

    /// <summary>In the place of what came of the same event before.</summary>
    ValueTask Record(Delivery delivery);
}
