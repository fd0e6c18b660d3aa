using Kalends.Appointments;
using Kalends.Messages;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Reminders;

/// <summary>
/// Says that an attendee needs no more reminders of an appointment, or of one occurrence: none that is due until a moment leaves any more, and nothing is
/// snoozed (RFC 9074 §6.1, ACKNOWLEDGED). Where the appointment is moved, reminders come again that are due later than that.
/// </summary>
public sealed record DismissReminder : Command<AcknowledgedReminder>
{
    public required Guid Id { get; init; }

    /// <summary>Whose reminders; the caller's when absent.</summary>
    public CalendarId? Calendar { get; init; }

    /// <summary>Those due by then; all up to the start when absent.</summary>
    public Instant? Until { get; init; }

    public override object TrailData => this;

    public override IEnumerable<Need> Needs(Caller caller) => [new(Calendar ?? caller.Person, Permission.Modify, "/calendar")];

    public override async ValueTask<Outcome<AcknowledgedReminder>> Execute(CommandContext context)
    {
        var found = await RemindedPerson.Find(context, Id, Calendar ?? context.Caller.Person);
        if (found.Refusal is { } refusal)
        {
            return refusal;
        }

        var until = Instant.Min(Until ?? found.Value!.Start, found.Value!.Start);
        await context.Rows<IReminderWrites>().Acknowledge(new(Id, found.Value.Person.Key, until.ToUnixTimeSeconds())
        {
            KeptUntil = found.Value.Start.ToUnixTimeSeconds(),
        });
        return new AcknowledgedReminder(until);
    }
}
