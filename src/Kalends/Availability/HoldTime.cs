using Kalends.Messages;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Availability;

/// <summary>
/// Keeps a time for the caller while they decide: busy for everybody until it expires, is released, or is named by the save that
/// books it. Refused where somebody is taken already: a hold is a promise that the time can be had.
/// </summary>
public sealed record HoldTime : Command<HeldUntil>
{
    /// <summary>Long enough to fill in a form.</summary>
    private static readonly NominalDuration UsualExpiry = NominalDuration.OfMinutes(5);

    /// <summary>A hold that lasts longer is an appointment.</summary>
    private static readonly NominalDuration LongestExpiry = NominalDuration.OfMinutes(60);

    /// <summary>A meeting may last days; a year held is a mistake.</summary>
    private const int LongestDays = 31;

    /// <summary>Live ones of one person; somebody who decides on a hundred times at once is a loop.</summary>
    private const int MostHolds = 100;

    public required Timespan Timespan { get; init; }

    public required IReadOnlyList<CalendarId> Attendees { get; init; }

    public NominalDuration? ExpiresIn { get; init; }

    public override object TrailData => this;

    public override void Validate(Errors errors)
    {
        errors.Require(Timespan.From < Timespan.To, "timespan", "from must be before to");
        errors.Require((Timespan.To - Timespan.From).TotalDays <= LongestDays, "timespan", $"must cover at most {LongestDays} days");
        QueryLimits.Check(Attendees, errors);
        errors.Require(
            ExpiresIn is null || (ExpiresIn.Value.ExactSeconds > 0 && ExpiresIn.Value.ExactSeconds <= LongestExpiry.ExactSeconds),
            "expiresIn", "must be from PT1S to PT1H");
    }

    public override IEnumerable<Need> Needs(Caller caller) =>
        Attendees.Select((calendar, index) => new Need(calendar, Permission.ViewFreeBusy, $"/attendees/{index}"));

    public override async ValueTask<Outcome<HeldUntil>> Execute(CommandContext context)
    {
        var (from, to) = (Timespan.From.ToUnixTimeSeconds(), Timespan.To.ToUnixTimeSeconds());
        if (await context.Rows<IAttendanceRows>().CountHolds(context.Caller.Person, context.Now.ToUnixTimeSeconds()) >= MostHolds)
        {
            return Refusal.Of(RefusalCode.TooManyRequests, $"{context.Caller.Person} holds {MostHolds} times already; release some, or wait until they expire.")
                with { RetryAfterSeconds = 60 };
        }

        var calendars = await context.Rows<ICalendarWrites>().Lock([.. Attendees.Distinct()]);
        var id = context.NewId();
        var wanted = calendars.Values.Select(calendar =>
            new Attendance(calendar.Key, from, to, id, Busyness.Busy, Privacy.Public, 0, false)).ToList();
        var clashes = await ConflictGuard.Find(context, wanted, calendars, refuseAll: true, ownHold: null);
        if (clashes.Count > 0)
        {
            return ConflictGuard.Refuse(clashes, calendars, await Sight.Over(context, calendars));
        }

        var expiresAt = context.Now + Duration.FromSeconds((ExpiresIn ?? UsualExpiry).ExactSeconds);
        var writes = context.Rows<IAttendanceWrites>();
        await writes.DeleteExpiredHolds(context.Now.ToUnixTimeSeconds());
        await writes.SaveHold(new(id, context.Caller.Person, from, to, expiresAt.ToUnixTimeSeconds(), [.. calendars.Values.Select(calendar => calendar.Key)]));
        return new HeldUntil(id, expiresAt);
    }
}

public sealed record HeldUntil(Guid Hold, Instant ExpiresAt);

/// <summary>Gives a held time back. Only the one who holds it can.</summary>
public sealed record ReleaseHold : Command<ReleasedHold>
{
    public required Guid Hold { get; init; }

    public override object TrailData => this;

    public override async ValueTask<Outcome<ReleasedHold>> Execute(CommandContext context)
    {
        if (await HeldTimes.RefuseUnusable(context, Hold) is { } refusal)
        {
            return refusal;
        }

        await HeldTimes.Use(context, Hold);
        return new ReleasedHold(Hold);
    }
}

public sealed record ReleasedHold(Guid Hold);
