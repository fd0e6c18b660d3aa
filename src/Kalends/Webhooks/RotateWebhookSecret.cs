using Kalends.Messages;
using NodaTime;

namespace Kalends.Webhooks;

/// <summary>
/// Gives a webhook another secret, told here and never again. For a day both sign, so that the receiver takes the new one when it likes; rotated again within
/// it, the oldest no longer does.
/// </summary>
public sealed record RotateWebhookSecret : Command<RotatedSecret>
{
    public required Guid Webhook { get; init; }

    public override object TrailData => this;

    public override async ValueTask<Outcome<RotatedSecret>> Execute(CommandContext context)
    {
        var rows = context.Rows<IWebhookWrites>();
        var found = await WebhookStart.Find(context, rows, Webhook);
        if (found.Refusal is { } refusal)
        {
            return refusal;
        }

        var until = context.Now + WebhookLimits.BothSecretsFor;
        var rotated = found.Value with { Secret = Signature.NewSecret(), SecretBefore = found.Value.Secret, RotatedUntil = until };
        await rows.Save(rotated);
        return new RotatedSecret(Webhook, rotated.Secret, until);
    }
}

/// <param name="Webhook">Its id.</param>
/// <param name="Secret">The new one.</param>
/// <param name="BothUntil">Until when the one before signs too.</param>
public sealed record RotatedSecret(Guid Webhook, string Secret, Instant BothUntil);
