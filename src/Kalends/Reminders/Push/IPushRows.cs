using Kalends.Storage;

namespace Kalends.Reminders.Push;

/// <summary>The browsers that a tenant's people are reminded in.</summary>
public interface IPushRows
{
    /// <summary>Of these people, the one that was subscribed last first.</summary>
    ValueTask<IReadOnlyList<PushSubscription>> Of(IReadOnlyCollection<CalendarId> people);
}

public interface IPushWrites : IPushRows
{
    /// <summary>
    /// In the place of what has the same endpoint, whosever it was. Of the person's others as many stay as there may be; of two who come at the same moment
    /// one more, until the next comes.
    /// </summary>
    ValueTask Put(PushSubscription subscription);

    /// <summary>As far as they are still those people's.</summary>
    ValueTask Remove(IReadOnlyCollection<PushSubscription> subscriptions);
}
