using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Messages;
using Kalends.Messages.Json;
using Kalends.Storage;
using NodaTime;

namespace Kalends.ICalendar;

/// <summary>
/// Brings the events of an iCalendar text (RFC 5545) into one calendar, which owns and attends them. Events are known again by
/// their UID: importing the same text twice changes nothing. An event that cannot be taken is skipped with its reason and the
/// others are saved, together or not at all.
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
        events.SkipSeries("recurring appointments are not supported yet");
        foreach (var uid in await context.Rows<IAppointmentRows>().UidsOfOthers(owner.Key, [.. events.Appointments.Keys]))
        {
            events.Skip(uid, $"stands on {Calendar} already as somebody else's appointment");
        }

        var known = (await context.Rows<IAppointmentRows>().FindByUid(owner.Key, [.. events.Appointments.Keys]))
            .ToDictionary(pair => pair.Key, pair => KnownAppointment.Of(pair.Value));
        var calendars = await writes.Lock([.. events.Named.Concat(known.Values.SelectMany(item => item.Calendars)).Append(Calendar).Distinct()]);
        var edits = Decide(events, known, owner, context);
        var unchanged = edits.RemoveAll(IsUnchanged);
        edits = await SkipClashing(events, edits, calendars, context);
        var kept = edits.SelectMany(edit => Bookings.Of(edit.After!, calendars).Attendances).ToList();
        if (await ConflictGuard.Find(context, kept, calendars, refuseAll: false, ownHold: null) is { Count: > 0 } clashes)
        {
            // One that was left out still lies where it lay, and another was to take its place.
            return ConflictGuard.Refuse(clashes, calendars, await Sight.Over(context, calendars));
        }

        await KnownAppointments.Write(context, edits, calendars);
        return new ImportedCalendar(edits.Count, unchanged, events.Skipped);
    }

    private List<Edit> Decide(ImportedFile file, Dictionary<string, KnownAppointment> known, Calendar owner, CommandContext context)
    {
        var edits = new List<Edit>(file.Appointments.Count);
        foreach (var (uid, given) in file.Appointments)
        {
            var before = known.GetValueOrDefault(uid);
            if (before?.Says.ManagedByApp == true && before.Says.App != context.Caller.App)
            {
                file.Skip(uid, $"only the application {before.Says.App} may change this appointment");
                continue;
            }

            var complete = Completion.Complete(given, before?.Says, Calendar, owner.ZoneOrUtc, before?.Row.Id ?? context.NewId(), context);
            edits.Add(new(before, complete));
        }

        return edits;
    }

    private static bool IsUnchanged(Edit edit) => edit.Before is { } before
        && WireJson.Write(edit.After! with { Version = before.Row.Version, UpdatedAt = before.Says.UpdatedAt }).AsSpan().SequenceEqual(before.Row.Json);

    /// <summary>What would double-book a calendar that refuses it stays out, and the rest comes in: in order of time, first come first served.</summary>
    private static async ValueTask<List<Edit>> SkipClashing(
        ImportedFile file, List<Edit> edits, IReadOnlyDictionary<CalendarId, Calendar> calendars, CommandContext context)
    {
        var bookings = edits.Select(edit => (Edit: edit, Booking: Bookings.Of(edit.After!, calendars))).ToList();
        var guarded = await ConflictGuard.Guarded(context, [.. bookings.SelectMany(pair => pair.Booking.Attendances)], calendars);
        if (guarded is null)
        {
            return edits;
        }

        var names = calendars.Values.ToDictionary(calendar => calendar.Key, calendar => calendar.Id);
        var kept = new List<Edit>(edits.Count);
        foreach (var (edit, booking) in bookings.OrderBy(pair => pair.Booking.Appointment.From))
        {
            context.Stopped.ThrowIfCancellationRequested();
            if (guarded.Room.Refuse([.. booking.Attendances.Where(attendance => guarded.Calendars.Contains(attendance.Calendar))]) is { } refused)
            {
                file.Skip(edit.After!.Uid!, $"{names[refused.Calendar]} is taken at {Instant.FromUnixTimeSeconds(refused.From)}");
            }
            else
            {
                kept.Add(edit);
            }
        }

        return kept;
    }
}

/// <summary>How many events were written, how many stood here already, and which were left out.</summary>
public sealed record ImportedCalendar(int Saved, int Unchanged, IReadOnlyList<SkippedEvent> Skipped);

public sealed record SkippedEvent(string? Uid, string Reason);
