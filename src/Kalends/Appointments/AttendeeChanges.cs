using Kalends.Availability;
using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Appointments;

/// <summary>What is changed of one attendee's own entry on an appointment, a series or one occurrence of it.</summary>
internal sealed record AttendeeChange(Guid Id, CalendarId Calendar, Func<Attendee, Attendee> Change);

/// <summary>
/// Attendees change their own entries: whoever may modify their calendar may. The same again changes nothing; what wants time that was free needs it to be free
/// still, in a calendar that refuses double-booking.
/// </summary>
internal static class AttendeeChanges
{
    public static async ValueTask<Outcome<SavedAppointments>> Run(CommandContext context, IReadOnlyList<AttendeeChange> changes)
    {
        var known = await KnownAppointments.Find(context, [.. changes.Select(item => item.Id).Distinct()]);
        if (RefuseStrangers(changes, known) is { } refusal)
        {
            return refusal;
        }

        List<Edit> edits = [.. changes.GroupBy(item => item.Id).Select(group => Change(known[group.Key], [.. group], context))];
        List<Edit> changed = [.. edits.Where(edit => !ReferenceEquals(edit.After, edit.Before!.Says))];
        if (RefuseBoth(changes, changed) is { } both)
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

        var answered = changes.Select(item => item.Calendar).ToHashSet();
        var theirs = work.Calendars.Where(pair => answered.Contains(pair.Key)).ToDictionary();
        var clashes = await ConflictGuard.Find(context, work.Wanted(everywhere: false), theirs, refuseAll: false, ownHold: null, work.Replaces);
        if (clashes.Count > 0)
        {
            return ConflictGuard.Refuse(clashes, work.Calendars, await Sight.Over(context, work.Calendars), work.OccurrenceOf);
        }

        await work.Write();
        return new SavedAppointments([.. edits.Select(SavedAppointment.Of)]);
    }

    private static Refusal? RefuseBoth(IReadOnlyList<AttendeeChange> changes, List<Edit> changed)
    {
        var whole = changed.Where(edit => edit.Before!.IsSeries).Select(edit => edit.Before!.Row.Id).ToHashSet();
        var one = changed.Find(edit => edit.Before!.Series is { } series && whole.Contains(series))?.Before!.Row.Id;
        return one is null ? null : Refusal.At(
            RefusalCode.Invalid, $"/appointments/{changes.ToList().FindIndex(item => item.Id == one)}/id",
            "is an occurrence of a series that is answered in this request too; send them one after the other");
    }

    private static Refusal? RefuseStrangers(IReadOnlyList<AttendeeChange> changes, IReadOnlyDictionary<Guid, KnownAppointment> known)
    {
        var errors = new Errors();
        for (var index = 0; index < changes.Count; index++)
        {
            var item = changes[index];
            if (known.GetValueOrDefault(item.Id)?.Says.Attendees!.Any(attendee => attendee.Calendar == item.Calendar) != true)
            {
                // The same words whether there is none or the calendar is not on it: a stranger must not learn which.
                errors.In("appointments", index).In("id").Add(
                    RefusalCode.NotFound, $"there is no appointment {item.Id} that {item.Calendar} attends");
            }
        }

        return errors.Refusal;
    }

    private static Edit Change(KnownAppointment known, IReadOnlyList<AttendeeChange> items, CommandContext context)
    {
        var given = items.ToDictionary(item => item.Calendar, item => item.Change);
        var attendees = known.Says.Attendees!
            .Select(attendee => given.TryGetValue(attendee.Calendar, out var change) ? change(attendee) : attendee).ToList();
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
