using System.Text;
using Kalends.Messages;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Reminders.Push;

/// <summary>
/// Has reminders by push sent to a browser too, which describes itself as its <c>PushSubscription.toJSON()</c> does. A browser is one person's: subscribed
/// again, it is that of whom it was subscribed for last.
/// </summary>
public sealed record SubscribePush : Command<SubscribedPush>
{
    public required string Endpoint { get; init; }

    public required PushKeys Keys { get; init; }

    /// <summary>In milliseconds since 1970, as browsers say it; most say none.</summary>
    public long? ExpirationTime { get; init; }

    /// <summary>Whose reminders; the caller's when absent.</summary>
    public CalendarId? Calendar { get; init; }

    /// <summary>Without what would let somebody send to it, or read what is sent.</summary>
    public override object TrailData => new { Calendar, Subscription = PushSubscription.IdOf(Endpoint), Service = PushSubscription.ServiceOf(Endpoint) };

    public override IEnumerable<Need> Needs(Caller caller) => [new(Calendar ?? caller.Person, Permission.Modify, "/calendar")];

    public override void Validate(Errors errors)
    {
        errors.Require(Ascii.IsValid(Endpoint), "endpoint", "must be as a browser gives it, in ASCII");
        errors.In("keys").Require(PushKeys.PublicKey(Keys.P256dh) is not null, "p256dh", "must be an uncompressed point of P-256, 65 bytes in base64url");
        errors.In("keys").Require(PushKeys.Secret(Keys.Auth) is not null, "auth", "must be 16 bytes in base64url");
    }

    public override async ValueTask<Outcome<SubscribedPush>> Execute(CommandContext context)
    {
        if (context.Outgoing.Refuse(Endpoint) is { } fault)
        {
            return Refusal.At(RefusalCode.Invalid, "/endpoint", fault);
        }

        if (ExpirationTime <= context.Now.ToUnixTimeMilliseconds() || ExpirationTime > Instant.MaxValue.ToUnixTimeMilliseconds())
        {
            return Refusal.At(RefusalCode.Invalid, "/expirationTime", "must be to come, in milliseconds since 1970");
        }

        var subscription = new PushSubscription(Calendar ?? context.Caller.Person, Endpoint)
        {
            PublicKey = PushKeys.PublicKey(Keys.P256dh)!,
            Secret = PushKeys.Secret(Keys.Auth)!,
            SubscribedAt = context.Now,
            ExpiresAt = ExpirationTime is { } end ? Instant.FromUnixTimeSeconds(end / 1_000) : null,
        };
        await context.Rows<IPushWrites>().Put(subscription);
        return new SubscribedPush(subscription.Id);
    }
}

/// <param name="Subscription">Its id, the same however often this browser is subscribed.</param>
public sealed record SubscribedPush(Guid Subscription);
