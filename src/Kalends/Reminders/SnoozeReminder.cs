using Kalends.Appointments;
using Kalends.Messages;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Reminders;

/// <summary>
/// Puts an attendee's reminders of an appointment, or of one occurrence, off: those due by now are acknowledged, and one comes again after a while (RFC 9074:
/// the alarm acknowledged, and another related to it by SNOOZE). Snoozed again, the later word holds.
/// </summary>
public sealed record SnoozeReminder : Command<AcknowledgedReminder>
{
    private const int LongestDays = 7;

    private static readonly NominalDuration Usual = NominalDuration.OfMinutes(5);

    public required Guid Id { get; init; }

    /// <summary>Whose reminders; the caller's when absent.</summary>
    public CalendarId? Calendar { get; init; }

    /// <summary>For how long; five minutes when absent.</summary>
    public NominalDuration? For { get; init; }

    /// <summary>How it comes again; as the reminder that came last when absent.</summary>
    public ReminderChannel? Channel { get; init; }

    public override object TrailData => this;

    public override void Validate(Errors errors) => errors.Require(
        For is null || For.Value.ExactSeconds is > 0 and <= LongestDays * NominalDuration.SecondsPerDay, "for", $"must be from PT1S to P{LongestDays}D");

    public override IEnumerable<Need> Needs(Caller caller) => [new(Calendar ?? caller.Person, Permission.Modify, "/calendar")];

    public override async ValueTask<Outcome<AcknowledgedReminder>> Execute(CommandContext context)
    {
        var found = await RemindedPerson.Find(context, Id, Calendar ?? context.Caller.Person);
        if (found.Refusal is { } refusal)
        {
            return refusal;
        }

        var (now, until) = (context.Now.ToUnixTimeSeconds(), context.Now + Duration.FromSeconds((For ?? Usual).ExactSeconds));
        if (until >= found.Value!.Start)
        {
            return Refusal.At(RefusalCode.Invalid, "/for", $"would be after the appointment has begun, at {found.Value.Start}");
        }

        await context.Rows<IReminderWrites>().Acknowledge(new(Id, found.Value.Person.Key, now)
        {
            SnoozedUntil = until.ToUnixTimeSeconds(),
            Channel = Channel ?? found.Value.ChannelBy(now),
            KeptUntil = found.Value.Start.ToUnixTimeSeconds(),
        });
        return new AcknowledgedReminder(context.Now, until);
    }
}

/// <summary>Up to when reminders are acknowledged, and when one comes again.</summary>
public sealed record AcknowledgedReminder(Instant Acknowledged, Instant? SnoozedUntil = null);
