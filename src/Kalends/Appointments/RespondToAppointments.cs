using Kalends.Availability;
using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Appointments;

/// <summary>
/// Writes attendees' answers, to an appointment, a series or one occurrence of it. An answer is given by that person, or whoever may modify
/// their calendar. The same answer again changes nothing. Declining frees the time; taking it back in a calendar that refuses double-booking
/// needs it to be free still.
/// </summary>
public sealed record RespondToAppointments : Command<SavedAppointments>
{
    public required IReadOnlyList<AppointmentResponse> Appointments { get; init; }

    public override object TrailData => this;

    public override void Validate(Errors errors)
    {
        errors.AtMost(AppointmentLimits.PerCall, Appointments.Count, "appointments");
        var seen = new HashSet<(Guid, CalendarId)>();
        errors.Each("appointments", Appointments, (item, at) =>
            at.Require(seen.Add((item.Id, item.Calendar)), "id", "is answered for this calendar twice in one request"));
    }

    public override IEnumerable<Need> Needs(Caller caller) =>
        Appointments.Select((item, index) => new Need(item.Calendar, Permission.Modify, $"/appointments/{index}/calendar"));

    public override async ValueTask<Outcome<SavedAppointments>> Execute(CommandContext context)
    {
        var known = await KnownAppointments.Find(context, [.. Appointments.Select(item => item.Id).Distinct()]);
        if (RefuseStrangers(known) is { } refusal)
        {
            return refusal;
        }

        List<Edit> edits = [.. Appointments.GroupBy(item => item.Id).Select(group => Answer(known[group.Key], [.. group], context))];
        List<Edit> changed = [.. edits.Where(edit => !ReferenceEquals(edit.After, edit.Before!.Says))];
        if (RefuseBoth(changed) is { } both)
        {
            return both;
        }

        var series = await KnownSeries.Find(context, [.. changed.Where(edit => edit.Before!.IsSeries).Select(edit => edit.Before!.Row.Id)]);
        HashSet<CalendarId> named = [.. changed.SelectMany(edit => edit.Before!.Calendars), .. series.Values.SelectMany(item => item.Calendars)];
        var work = new AppointmentWork(context, await context.Rows<ICalendarWrites>().Lock(named)) { KeepsHorizons = true };
        foreach (var edit in changed)
        {
            if (series.TryGetValue(edit.Before!.Row.Id, out var whole))
            {
                work.Add(SeriesPlan.Replace(whole, edit.After!, [], context.Now));
            }
            else
            {
                work.Add(edit);
            }
        }

        var answered = Appointments.Select(item => item.Calendar).ToHashSet();
        var theirs = work.Calendars.Where(pair => answered.Contains(pair.Key)).ToDictionary();
        var clashes = await ConflictGuard.Find(context, work.Wanted(everywhere: false), theirs, refuseAll: false, ownHold: null, work.Replaces);
        if (clashes.Count > 0)
        {
            return ConflictGuard.Refuse(clashes, work.Calendars, await Sight.Over(context, work.Calendars), work.OccurrenceOf);
        }

        await work.Write();
        return new SavedAppointments([.. edits.Select(SavedAppointment.Of)]);
    }

    private Refusal? RefuseBoth(List<Edit> changed)
    {
        var whole = changed.Where(edit => edit.Before!.IsSeries).Select(edit => edit.Before!.Row.Id).ToHashSet();
        var one = changed.Find(edit => edit.Before!.Series is { } series && whole.Contains(series))?.Before!.Row.Id;
        return one is null ? null : Refusal.At(
            RefusalCode.Invalid, $"/appointments/{Appointments.ToList().FindIndex(item => item.Id == one)}/id",
            "is an occurrence of a series that is answered in this request too; send them one after the other");
    }

    private Refusal? RefuseStrangers(IReadOnlyDictionary<Guid, KnownAppointment> known)
    {
        var errors = new Errors();
        for (var index = 0; index < Appointments.Count; index++)
        {
            var item = Appointments[index];
            if (known.GetValueOrDefault(item.Id)?.Says.Attendees!.Any(attendee => attendee.Calendar == item.Calendar) != true)
            {
                // The same words whether there is none or the calendar is not on it: a stranger must not learn which.
                errors.In("appointments", index).In("id").Add(
                    RefusalCode.NotFound, $"there is no appointment {item.Id} that {item.Calendar} attends");
            }
        }

        return errors.Refusal;
    }

    private static Edit Answer(KnownAppointment known, IReadOnlyList<AppointmentResponse> answers, CommandContext context)
    {
        var given = answers.ToDictionary(answer => answer.Calendar, answer => answer.Response);
        var attendees = known.Says.Attendees!
            .Select(attendee => given.TryGetValue(attendee.Calendar, out var response) ? attendee with { Response = response } : attendee).ToList();
        return attendees.SequenceEqual(known.Says.Attendees!)
            ? new(known, known.Says)
            : new(known, known.Says with
            {
                Attendees = attendees,
                Version = known.Row.Version + 1,
                UpdatedAt = context.Now,
                Series = known.Series is null ? known.Says.Series : known.Says.Series! with { Detached = true },
            });
    }
}

public sealed record AppointmentResponse
{
    public required Guid Id { get; init; }

    public required CalendarId Calendar { get; init; }

    public required AttendeeResponse Response { get; init; }
}
