using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Messages;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Calendars;

/// <summary>What a calendar is to be. Replaces all that was said before; what is absent is forgotten or as its kind has it.</summary>
public sealed record CalendarToSave
{
    public required CalendarId Calendar { get; init; }

    public required CalendarKind Kind { get; init; }

    public string? Name { get; init; }

    public string? TimeZone { get; init; }

    /// <summary>Refuse for rooms when absent, else allow.</summary>
    public DoubleBooking? DoubleBooking { get; init; }

    public int? Capacity { get; init; }

    public IReadOnlyList<string>? Features { get; init; }

    public string? Site { get; init; }

    /// <summary>Where whoever it belongs to is reminded by email; shown only to who may modify the calendar.</summary>
    public string? Email { get; init; }

    /// <summary>Where by SMS, E.164; shown as the email address is.</summary>
    public string? Phone { get; init; }
}

/// <summary>
/// Sets up calendars, all or none. A calendar is set up by who may modify it; a room's or a group's that nobody was given to own or edit, by any
/// writer. A new zone moves the calendar's all-day appointments with it; double-booking cannot begin to be
/// refused while appointments already lie on one another.
/// </summary>
public sealed record SaveCalendars : Command<SavedCalendars>
{
    /// <summary>A company's rooms, or a department's people.</summary>
    private const int PerCall = 1_000;
    private const int LongestText = 255;
    private const int MostFeatures = 50;

    /// <summary>A stadium; more is a typing error.</summary>
    private const int LargestCapacity = 100_000;

    public required IReadOnlyList<CalendarToSave> Calendars { get; init; }

    public override object TrailData => this;

    public override void Validate(Errors errors)
    {
        errors.AtMost(PerCall, Calendars.Count, "calendars");
        var seen = new HashSet<CalendarId>();
        errors.Each("calendars", Calendars, (item, at) =>
        {
            at.Require(seen.Add(item.Calendar), "calendar", "is in this request twice");
            at.Require(item.TimeZone is null || Zones.Canonical(item.TimeZone) is not null, "timeZone", "is not a time zone that IANA or Windows knows");
            at.Require(item.Capacity is null or (>= 1 and <= LargestCapacity), "capacity", $"must be from 1 to {LargestCapacity}");
            CheckText(item.Name, "name", at);
            CheckText(item.Site, "site", at);
            at.Require(item.Email is null || Addresses.IsEmail(item.Email), "email", "must be one address, such as ana@example.com");
            at.Require(item.Phone is null || Addresses.IsPhone(item.Phone), "phone", "must be a number with its country, such as +33612345678");
            at.AtMost(MostFeatures, item.Features?.Count ?? 0, "features");
            at.Each("features", item.Features ?? [], (feature, place) =>
                place.Require(feature.Length is > 0 and <= LongestText && !feature.Any(char.IsControl), $"must be 1 to {LongestText} characters"));
        });
    }

    public override IEnumerable<Need> Needs(Caller caller) => Calendars
        .Select((item, index) => (item, index))
        .Where(pair => pair.item.Kind == CalendarKind.User || pair.item.Calendar.ImpliedKind == CalendarKind.User)
        .Select(pair => new Need(pair.item.Calendar, Permission.Modify, $"/calendars/{pair.index}/calendar"));

    public override async ValueTask<Outcome<SavedCalendars>> Execute(CommandContext context)
    {
        var rows = context.Rows<ICalendarWrites>();
        List<CalendarId> ids = [.. Calendars.Select(item => item.Calendar)];
        var known = await rows.Find(ids);
        if (await RefuseOthers(context, known) is { } refusal)
        {
            return refusal;
        }

        var before = await rows.Lock(ids);
        var after = Calendars.Select(item => Decide(item, before[item.Calendar])).ToList();
        var moves = new List<Attendance>();
        foreach (var calendar in after.Where(calendar => calendar.ZoneOrUtc != before[calendar.Id].ZoneOrUtc))
        {
            moves.AddRange(await AllDayMoves.Into(context, calendar));
        }

        await rows.Save(after);
        await context.Rows<IAttendanceWrites>().Move(moves);
        if (moves.Count > 0)
        {
            await context.Rows<IReminderWatches>().LookAgain([.. moves.Select(move => move.Appointment).Distinct()], context.Now.ToUnixTimeSeconds());
        }

        if (await RefuseOverlaps(context, after, before) is { } overlap)
        {
            return overlap;
        }

        context.Touch(after.Select(calendar => calendar.Key));
        return new SavedCalendars([.. after.Select(calendar => new SavedCalendar(calendar.Id, !known.ContainsKey(calendar.Id)))]);
    }

    private async ValueTask<Refusal?> RefuseOthers(CommandContext context, IReadOnlyDictionary<CalendarId, Calendar> known)
    {
        List<CalendarId> named = [.. Calendars.Select(item => item.Calendar)];
        var (access, unclaimed) = (await context.Decide(named), await context.Unclaimed(named));
        var errors = new Errors();
        for (var index = 0; index < Calendars.Count; index++)
        {
            var id = Calendars[index].Calendar;
            if (!access.May(Permission.Modify, id) && (!unclaimed.Contains(id) || known.GetValueOrDefault(id)?.Kind == CalendarKind.User))
            {
                errors.In("calendars", index).In("calendar").Add(RefusalCode.Forbidden, $"{context.Caller.Person} may not change the calendar {id}");
            }
        }

        return errors.Refusal;
    }

    private static Calendar Decide(CalendarToSave item, Calendar before) => before with
    {
        Kind = item.Kind,
        Name = item.Name,
        TimeZone = item.TimeZone is null ? null : Zones.Canonical(item.TimeZone),
        DoubleBooking = item.DoubleBooking ?? (item.Kind == CalendarKind.Room ? Storage.DoubleBooking.Refuse : Storage.DoubleBooking.Allow),
        Capacity = item.Capacity,
        Features = item.Features ?? [],
        Site = item.Site,
        Email = item.Email,
        Phone = item.Phone,
    };

    /// <summary>Looks at calendars that begin to refuse double-booking, or refuse it and moved their all-day appointments.</summary>
    private static async ValueTask<Refusal?> RefuseOverlaps(
        CommandContext context, List<Calendar> after, IReadOnlyDictionary<CalendarId, Calendar> before)
    {
        var guarded = after.Where(calendar => calendar.DoubleBooking == Storage.DoubleBooking.Refuse
            && (before[calendar.Id].DoubleBooking != Storage.DoubleBooking.Refuse || before[calendar.Id].ZoneOrUtc != calendar.ZoneOrUtc));
        foreach (var calendar in guarded)
        {
            var all = await Everything(context, calendar.Key);
            var held = await context.Rows<IAttendanceRows>().Held([calendar.Key], Beginning, End, context.Now.ToUnixTimeSeconds());
            var clashes = Clashes.Find(all, [], held, 10);
            if (clashes.Count > 0)
            {
                var rows = new Dictionary<CalendarId, Calendar> { [calendar.Id] = calendar };
                return ConflictGuard.Refuse(clashes, rows, await Sight.Over(context, rows)) with
                {
                    Detail = $"{calendar.Id} has appointments that lie on one another; double-booking can be refused once they do not.",
                };
            }
        }

        return null;
    }

    /// <summary>All that is stored, and of series that go on as much as any query looks ahead.</summary>
    private static async ValueTask<IReadOnlyCollection<Attendance>> Everything(CommandContext context, long calendar)
    {
        var ahead = (context.Now + Duration.FromDays(QueryLimits.LongestDays)).ToUnixTimeSeconds();
        var near = await context.Rows<IAttendanceRows>().Overlapping([calendar], Beginning, ahead, blockingOnly: true);
        var far = await context.Rows<IAttendanceWrites>().Overlapping([calendar], ahead, End, blockingOnly: true);
        return [.. near.Concat(far).DistinctBy(attendance => attendance.Appointment)];
    }

    private static readonly long Beginning = LocalSpans.Earliest.PlusDays(-2).AtMidnight().InUtc().ToInstant().ToUnixTimeSeconds();

    private static readonly long End = LocalSpans.Latest.PlusYears(10).AtMidnight().InUtc().ToInstant().ToUnixTimeSeconds();

    private static void CheckText(string? text, string member, Errors errors) => errors.Require(
        text is null || (text.Length is > 0 and <= LongestText && !text.Any(char.IsControl)),
        member, $"must be 1 to {LongestText} characters without control characters");
}

public sealed record SavedCalendars(IReadOnlyList<SavedCalendar> Saved);

public sealed record SavedCalendar(CalendarId Calendar, bool Created);
