using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.ICalendar;

/// <summary>
/// Brings the events of an iCalendar text (RFC 5545) into one calendar, which owns and attends them. Events are known again by
/// their UID: importing the same text twice changes nothing. Series come with their rules, exceptions and changed occurrences. An event that
/// cannot be taken is skipped with its reason and the others are saved, together or not at all.
/// </summary>
public sealed record ImportCalendar : Command<ImportedCalendar>, ICarriesText<ImportCalendar>
{
    /// <summary>Ten years of a busy person; a file with more is sent in parts, as the command line does.</summary>
    public const int MostItems = 20_000;

    public static string MediaType => "text/calendar";

    /// <summary>32 MiB: 20,000 events with long descriptions.</summary>
    public static int LongestText => 32 * 1024 * 1024;

    public required CalendarId Calendar { get; init; }

    /// <summary>The iCalendar text. Over HTTP it may be the body itself.</summary>
    public string? Text { get; init; }

    public override object TrailData => new { Calendar, Length = Text?.Length };

    public ImportCalendar WithText(string text) => this with { Text = text };

    public override void Validate(Errors errors) => errors.Require(!string.IsNullOrWhiteSpace(Text), "text", "must be an iCalendar text");

    public override IEnumerable<Need> Needs(Caller caller) => [new(Calendar, Permission.Modify, "/calendar")];

    public override async ValueTask<Outcome<ImportedCalendar>> Execute(CommandContext context)
    {
        var writes = context.Rows<ICalendarWrites>();
        var owner = (await writes.Lock([Calendar]))[Calendar];
        var file = ImportedFile.Read(Text!, owner, MostItems);
        if (file.Refusal is { } refusal)
        {
            return refusal;
        }

        var events = file.Value;
        foreach (var uid in await context.Rows<IAppointmentRows>().UidsOfOthers(owner.Key, [.. events.Uids]))
        {
            events.Skip(uid, $"stands on {Calendar} already as somebody else's appointment");
        }

        var orphans = events.OrphanUids;
        var known = (await context.Rows<IAppointmentRows>().FindByUid(owner.Key, [.. events.Uids, .. orphans.SelectMany(uids => uids)]))
            .ToDictionary(pair => pair.Key, pair => KnownAppointment.Of(pair.Value));
        var series = await KnownSeries.Find(context, [.. known.Values.Where(item => item.IsSeries).Select(item => item.Row.Id)]);
        var answers = await OthersAnswers.Among(context, events.All);
        var planning = new ImportPlanning(context, events, owner, known, series, orphans, answers);
        await planning.Run();
        HashSet<CalendarId> named =
        [
            Calendar, .. events.Named, .. known.Values.SelectMany(item => item.Calendars), .. series.Values.SelectMany(item => item.Calendars),
        ];
        return await Save(context, events, planning, await writes.Lock(named));
    }

    private static async ValueTask<Outcome<ImportedCalendar>> Save(
        CommandContext context, ImportedFile events, ImportPlanning planning, IReadOnlyDictionary<CalendarId, Calendar> calendars)
    {
        var work = new AppointmentWork(context, calendars);
        var kept = ImportedHalves.Linked(await new ImportRoom(context, events, calendars).Fitting(planning.Plans), events.Series);
        foreach (var plan in kept)
        {
            plan.Edits.ToList().ForEach(work.Add);
            if (plan.Series is not null)
            {
                work.Add(plan.Series);
            }
        }

        if (await ConflictGuard.Find(context, work.Wanted(everywhere: false), calendars, refuseAll: false, ownHold: null, work.Replaces)
            is { Count: > 0 } clashes)
        {
            // One that was left out still lies where it lay, and another was to take its place.
            return ConflictGuard.Refuse(clashes, calendars, await Sight.Over(context, calendars), work.OccurrenceOf);
        }

        await work.Write();
        return new ImportedCalendar(kept.Sum(plan => plan.Events), planning.Unchanged, events.Skipped);
    }
}

/// <summary>How many events were written, how many stood here already, and which were left out.</summary>
public sealed record ImportedCalendar(int Saved, int Unchanged, IReadOnlyList<SkippedEvent> Skipped);

public sealed record SkippedEvent(string? Uid, string Reason);
