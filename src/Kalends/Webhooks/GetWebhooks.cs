using Kalends.Messages;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Webhooks;

/// <summary>The caller's own webhooks, of who administers the tenant all, each with what came of the last that it was sent. Secrets are not told.</summary>
public sealed record GetWebhooks : Query<FoundWebhooks>, IReadsTheLatest
{
    private const int LastDeliveries = 5;

    public override async ValueTask<Outcome<FoundWebhooks>> Execute(QueryContext context)
    {
        var rows = context.Rows<IWebhookRows>();
        var found = new List<WebhookView>();
        foreach (var webhook in await rows.All(context.Caller.Scopes.HasFlag(Scopes.Admin) ? null : context.Caller.Person))
        {
            found.Add(WebhookView.Of(webhook, context.Now, await rows.Deliveries(webhook.Id, null, null, null, LastDeliveries)));
        }

        return new FoundWebhooks(found);
    }
}

public sealed record FoundWebhooks(IReadOnlyList<WebhookView> Webhooks);

public enum WebhookState
{
    Active,
    Disabled,
}

public sealed record WebhookView
{
    public required Guid Webhook { get; init; }

    public required CalendarId Person { get; init; }

    public required string App { get; init; }

    public required string Uri { get; init; }

    public required IReadOnlyList<string> Types { get; init; }

    public IReadOnlyList<CalendarId>? Calendars { get; init; }

    public required WebhookState State { get; init; }

    /// <summary>Why it was disabled.</summary>
    public string? Reason { get; init; }

    /// <summary>Whether something is on its way, or waits.</summary>
    public required bool Waiting { get; init; }

    public required Instant CreatedAt { get; init; }

    /// <summary>Until when the secret before signs too.</summary>
    public Instant? BothSecretsUntil { get; init; }

    /// <summary>Since when nothing came through; absent while it does.</summary>
    public Instant? FailingSince { get; init; }

    public string? LastError { get; init; }

    public required IReadOnlyList<DeliveryView> LastDeliveries { get; init; }

    public static WebhookView Of(Webhook webhook, Instant now, IReadOnlyList<Delivery> last) => new()
    {
        Webhook = webhook.Id,
        Person = webhook.Person,
        App = webhook.App,
        Uri = webhook.Uri,
        Types = webhook.Types,
        Calendars = webhook.Calendars,
        State = webhook.IsActive ? WebhookState.Active : WebhookState.Disabled,
        Reason = webhook.DisabledFor,
        Waiting = webhook is { IsActive: true, HasMore: true },
        CreatedAt = webhook.CreatedAt,
        BothSecretsUntil = webhook.RotatedUntil > now ? webhook.RotatedUntil : null,
        FailingSince = webhook.FailingSince,
        LastError = webhook.LastError,
        LastDeliveries = [.. last.Select(DeliveryView.Of)],
    };
}

/// <summary>What came of an event.</summary>
public sealed record DeliveryView
{
    /// <summary>Its id, as it was sent.</summary>
    public required Guid Event { get; init; }

    public required string Type { get; init; }

    public required DeliveryStatus Status { get; init; }

    public required Instant At { get; init; }

    /// <summary>Absent of what was sent by itself.</summary>
    public int? Attempts { get; init; }

    public string? Error { get; init; }

    public static DeliveryView Of(Delivery delivery) => new()
    {
        Event = delivery.Event,
        Type = delivery.Type,
        Status = delivery.Status,
        At = delivery.EndedAt,
        Attempts = delivery.Attempts == 0 ? null : delivery.Attempts,
        Error = delivery.Error,
    };
}
