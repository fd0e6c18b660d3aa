using Kalends.Appointments;
using Kalends.Messages;
using Kalends.Queue;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Reminders;

/// <summary>
/// Claims what is due now or within the next two minutes, part by part, and hands it over to the queue, whose workers send each at its time. What is claimed is
/// in the queue with the transaction that moves its watch on, so it is claimed once and never lost. What is due so long ago that nobody wants it any more is
/// published as failed.
/// </summary>
public sealed record SendReminders : Command<SentReminders>, IDoneInParts<SentReminders>
{
    /// <summary>As far ahead as a process that dies in the middle keeps others from claiming, and a turn more.</summary>
    public static readonly Duration Ahead = Duration.FromMinutes(2);

    public static readonly Duration UsualCatchUp = Duration.FromHours(1);

    /// <summary>Appointments of one transaction.</summary>
    private const int PerPart = 500;

    private const int LongestCatchUpDays = 7;

    /// <summary>How late a reminder may be and still leave, where the appointment has not begun.</summary>
    public NominalDuration? CatchUp { get; init; }

    public override object TrailData => this;

    public override void Validate(Errors errors) => errors.Require(
        CatchUp is null || CatchUp.Value.ExactSeconds is > 0 and <= LongestCatchUpDays * NominalDuration.SecondsPerDay,
        "catchUp", $"must be from PT1S to P{LongestCatchUpDays}D");

    public (long Done, long Left) Progress(SentReminders part) => (part.Due, part.Left);

    public SentReminders Sum(SentReminders before, SentReminders part) =>
        new(before.Appointments + part.Appointments, before.Due + part.Due, before.TooLate + part.TooLate, part.Left);

    public override async ValueTask<Outcome<SentReminders>> Execute(CommandContext context)
    {
        if (!context.Caller.Scopes.HasFlag(Scopes.Admin))
        {
            return Refusal.Of(RefusalCode.Forbidden, "The token lacks the scope kalends.admin.");
        }

        var until = (context.Now + Ahead).ToUnixTimeSeconds();
        var rows = context.Rows<IReminderWrites>();
        var watches = await rows.TakeDue(until, PerPart);
        var snoozed = await rows.TakeSnoozed(until, PerPart);
        var claim = new Claim(context, until);
        await claim.Look(watches, snoozed);
        await rows.Watch(claim.Watches);
        var oldest = context.Now - (CatchUp is { } given ? Duration.FromSeconds(given.ExactSeconds) : UsualCatchUp);
        var late = claim.Due.Where(one => one.Reminder.Due < oldest || one.Reminder.Deadline <= context.Now).ToList();
        await rows.End([.. late.Select(one => one.End(
            ReminderFaults.TooLate, $"it was due at {one.Reminder.Due}, and came to its turn at {context.Now}"))], IReminderWrites.NoMessage, context.Now);
        foreach (var message in ReminderBatch.Messages(claim.Due.Except(late).Select(one => (one.Channel, one.Reminder))))
        {
            await context.Rows<IQueueWrites>().Send(message, context.Now);
        }

        ReminderMeasurements.Claimed(claim.Due.Count, late.Count);
        return new SentReminders(watches.Count + snoozed.Count, claim.Due.Count, late.Count, watches.Count == PerPart || snoozed.Count == PerPart ? 1 : 0);
    }
}

/// <summary>
/// How many appointments were looked at, how many reminders of theirs are due, and how many of those too late; left is more than none only where a part was
/// worked out alone, as on a dry run.
/// </summary>
public sealed record SentReminders(long Appointments, long Due, long TooLate, long Left);
