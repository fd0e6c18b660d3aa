using Kalends.Messages;
using Kalends.Publications;
using Kalends.Storage;

namespace Kalends.Webhooks;

/// <summary>
/// Has events sent to an address as they are committed, signed with a secret that is told here and never again. What is sent is what the caller may see of
/// them by their relations, at the moment it is sent.
/// </summary>
public sealed record SubscribeWebhook : Command<SubscribedWebhook>
{
    public required string Uri { get; init; }

    public required IReadOnlyList<string> Types { get; init; }

    /// <summary>What lies on any of them; absent: all that the caller may see.</summary>
    public IReadOnlyList<CalendarId>? Calendars { get; init; }

    /// <summary>Without the address, in which there may be a secret.</summary>
    public override object TrailData => new { Types, Calendars };

    public override void Validate(Errors errors)
    {
        errors.Require(Types.Count > 0, "types", $"must name at least one of {string.Join(", ", FeedFilter.Known)}");
        errors.AtMost(FeedFilter.Known.Count, Types.Count, "types");
        errors.Each("types", Types, (type, at) => at.Require(FeedFilter.Known.Contains(type), $"must be one of {string.Join(", ", FeedFilter.Known)}"));
        errors.Require(Calendars is not { Count: 0 }, "calendars", "must name a calendar, or be absent: then it is all");
        errors.AtMost(WebhookLimits.Calendars, Calendars?.Count ?? 0, "calendars");
    }

    public override async ValueTask<Outcome<SubscribedWebhook>> Execute(CommandContext context)
    {
        if (context.Outgoing.Refuse(Uri) is { } fault)
        {
            return Refusal.At(RefusalCode.Invalid, "/uri", fault);
        }

        var now = await WebhookStart.Now(context);
        var rows = context.Rows<IWebhookWrites>();
        var looked = await rows.LockPlace();
        var all = await rows.All(null);
        if (all.Count(one => one.Person == context.Caller.Person) >= WebhookLimits.PerPerson || all.Count >= WebhookLimits.PerTenant)
        {
            return Refusal.Of(
                RefusalCode.TooManyRequests,
                $"{context.Caller.Person} has {WebhookLimits.PerPerson} webhooks, or all together {WebhookLimits.PerTenant}: unsubscribe another one first.");
        }

        var webhook = new Webhook
        {
            Id = context.NewId(),
            Person = context.Caller.Person,
            App = context.Caller.App,
            Uri = Uri,
            Types = [.. Types.Distinct()],
            Calendars = Calendars is null ? null : [.. Calendars.Distinct()],
            Secret = Signature.NewSecret(),
            CreatedAt = context.Now,
            Since = context.Now,
            Place = now,
            Due = now,
        };
        await rows.Add(webhook);
        await WebhookStart.Begin(context, webhook, looked, all);
        return new SubscribedWebhook(webhook.Id, webhook.Secret);
    }
}

/// <param name="Webhook">Its id.</param>
/// <param name="Secret">What its events are signed with.</param>
public sealed record SubscribedWebhook(Guid Webhook, string Secret);
