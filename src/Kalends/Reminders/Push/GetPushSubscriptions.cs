using Kalends.Messages;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Reminders.Push;

/// <summary>The browsers that somebody is reminded in, the one subscribed last first, and what a browser must be told before it can be subscribed.</summary>
public sealed record GetPushSubscriptions : Query<FoundPushSubscriptions>, IReadsTheLatest
{
    /// <summary>Whose; the caller's when absent.</summary>
    public CalendarId? Calendar { get; init; }

    public override IEnumerable<Need> Needs(Caller caller) => [new(Calendar ?? caller.Person, Permission.Modify, "/calendar")];

    public override async ValueTask<Outcome<FoundPushSubscriptions>> Execute(QueryContext context)
    {
        var found = await context.Rows<IPushRows>().Of([Calendar ?? context.Caller.Person]);
        return new FoundPushSubscriptions(
            context.ApplicationServerKey, [.. found.Where(one => one.IsValidAt(context.Now)).Select(PushSubscriptionView.Of)]);
    }
}

/// <param name="ApplicationServerKey">For <c>pushManager.subscribe</c>; absent where this server is not set up to push.</param>
/// <param name="Subscriptions">Without their keys, and without their endpoints, which are secrets too.</param>
public sealed record FoundPushSubscriptions(string? ApplicationServerKey, IReadOnlyList<PushSubscriptionView> Subscriptions);

public sealed record PushSubscriptionView
{
    public required Guid Subscription { get; init; }

    /// <summary>The origin of its push service.</summary>
    public required string Service { get; init; }

    public required Instant SubscribedAt { get; init; }

    public Instant? ExpiresAt { get; init; }

    public static PushSubscriptionView Of(PushSubscription one) =>
        new() { Subscription = one.Id, Service = one.Service, SubscribedAt = one.SubscribedAt, ExpiresAt = one.ExpiresAt };
}
