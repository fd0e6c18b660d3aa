using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Reminders.Push;

/// <summary>Ends reminders by push in a browser, and forgets its keys. What is under way may still arrive.</summary>
public sealed record UnsubscribePush : Command<UnsubscribedPush>
{
    public Guid? Subscription { get; init; }

    /// <summary>In place of its id: what the browser itself knows.</summary>
    public string? Endpoint { get; init; }

    /// <summary>Whose it is; the caller's when absent.</summary>
    public CalendarId? Calendar { get; init; }

    public override object TrailData => new { Calendar, Subscription = Id };

    private Guid Id => Subscription ?? PushSubscription.IdOf(Endpoint!);

    public override IEnumerable<Need> Needs(Caller caller) => [new(Calendar ?? caller.Person, Permission.Modify, "/calendar")];

    public override void Validate(Errors errors) => errors.Require(
        Subscription is null != Endpoint is null, "subscription", "or else endpoint must say which one, and not both");

    public override async ValueTask<Outcome<UnsubscribedPush>> Execute(CommandContext context)
    {
        var rows = context.Rows<IPushWrites>();
        if ((await rows.Of([Calendar ?? context.Caller.Person])).FirstOrDefault(one => one.Id == Id) is not { } found)
        {
            return Refusal.At(
                RefusalCode.NotFound, Subscription is null ? "/endpoint" : "/subscription", $"{Calendar ?? context.Caller.Person} has no such subscription");
        }

        await rows.Remove([found]);
        return new UnsubscribedPush(found.Id);
    }
}

public sealed record UnsubscribedPush(Guid Subscription);
