using System.Globalization;
using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Messages.Json;
using NodaTime;
using NodaTime.Text;

namespace Kalends.Audit;

/// <summary>
/// A change as a sentence that support can read: "moved from 2026-11-23 09:00 to 10:00 (Europe/Paris) by user:ben through app crm". Worked out of what
/// the appointment said before and after alone. What was erased of either reads as if it had not been there. Pure.
/// </summary>
public static class ChangeSummary
{
    private const string Separator = "; ";

    /// <summary>A title is one line of a screen here, however long it is.</summary>
    private const int LongestTitle = 100;

    private static readonly LocalDatePattern Date = LocalDatePattern.Iso;
    private static readonly LocalTimePattern Time = LocalTimePattern.CreateWithInvariantCulture("HH:mm");

    public static string Of(Appointment? before, Appointment? after, string by, string app)
    {
        var parts = (before, after) switch
        {
            (null, null) => [],
            (null, { Version: > 1 }) => ["restored"],
            (null, _) => ["created"],
            (_, null) => ["deleted"],
            _ => Changes(before, after).ToList(),
        };
        var sentence = parts.Count > 0 ? string.Join(Separator, parts) : "saved as it was";
        return parts.Count == 1 && parts[0].StartsWith(by + " ", StringComparison.Ordinal) && SaysOwnAnswer(parts[0], by)
            ? $"{sentence} through app {app}"
            : $"{sentence} by {by} through app {app}";
    }

    private static IEnumerable<string> Changes(Appointment before, Appointment after) =>
    [
        .. Times(before, after), .. Texts(before, after), .. States(before, after), .. People(before, after), .. Recurring(before, after),
        .. Others(before, after),
    ];

    private static IEnumerable<string> Times(Appointment before, Appointment after)
    {
        if (before.AllDay != after.AllDay)
        {
            yield return after.AllDay == true ? $"made all-day on {Date.Format(after.Start!.Value.Date)}" : $"moved to {At(after)}, no longer all-day";
        }
        else if ((before.Start, before.TimeZone) != (after.Start, after.TimeZone))
        {
            yield return Moved(before, after);
        }

        if (before.Duration != after.Duration)
        {
            yield return $"lasts {after.Duration} instead of {before.Duration}";
        }
        else if ((before.AllDay, before.Start, before.TimeZone) == (after.AllDay, after.Start, after.TimeZone) && before.Span != after.Span)
        {
            yield return "put where its time zone has it now";
        }
    }

    private static string Moved(Appointment before, Appointment after)
    {
        var (from, to) = (before.Start!.Value, after.Start!.Value);
        return before.AllDay == true ? $"moved from {Date.Format(from.Date)} to {Date.Format(to.Date)}"
            : before.TimeZone != after.TimeZone ? $"moved from {At(before)} to {At(after)}"
            : $"moved from {Wall(from)} to {(from.Date == to.Date ? Time.Format(to.TimeOfDay) : Wall(to))} ({after.TimeZone})";
    }

    private static IEnumerable<string> Texts(Appointment before, Appointment after)
    {
        if (before.Title != after.Title)
        {
            yield return after.Title is null ? "title taken off" : before.Title is null ? $"named {Quoted(after.Title)}"
                : $"renamed from {Quoted(before.Title)} to {Quoted(after.Title)}";
        }

        if (before.Location != after.Location)
        {
            yield return after.Location is null ? "place taken off" : before.Location is null ? $"place set to {Quoted(after.Location)}"
                : $"place changed from {Quoted(before.Location)} to {Quoted(after.Location)}";
        }

        if (before.Description != after.Description)
        {
            yield return "description changed";
        }
    }

    private static IEnumerable<string> States(Appointment before, Appointment after)
    {
        if (before.Status != after.Status)
        {
            yield return after.Status == AppointmentStatus.Cancelled ? "cancelled" : $"made {Word(after.Status!.Value)}";
        }

        if (before.FreeBusyStatus != after.FreeBusyStatus)
        {
            yield return $"shown as {Word(after.FreeBusyStatus!.Value)}";
        }

        if (before.Privacy != after.Privacy)
        {
            yield return $"made {Word(after.Privacy!.Value)}";
        }

        if (before.Owner != after.Owner)
        {
            yield return $"given from {before.Owner} to {after.Owner}";
        }

        if ((before.ManagedByApp ?? false) != (after.ManagedByApp ?? false))
        {
            yield return after.ManagedByApp == true ? $"managed by app {after.App} from now on" : "no longer managed by an app";
        }
    }

    private static IEnumerable<string> People(Appointment before, Appointment after)
    {
        var was = before.Attendees!.ToDictionary(attendee => attendee.Calendar);
        foreach (var attendee in after.Attendees!)
        {
            if (!was.Remove(attendee.Calendar, out var earlier))
            {
                yield return $"{attendee.Calendar} added";
                continue;
            }

            if (earlier.Response != attendee.Response)
            {
                yield return $"{attendee.Calendar} {Answer(attendee.Response)}";
            }

            if (earlier.Role != attendee.Role)
            {
                yield return $"{attendee.Calendar} made {Word(attendee.Role!.Value)}";
            }
        }

        foreach (var gone in was.Keys)
        {
            yield return $"{gone} taken off";
        }
    }

    private static IEnumerable<string> Recurring(Appointment before, Appointment after)
    {
        var (was, now) = (before.Recurrence, after.Recurrence);
        if (was is null || now is null)
        {
            return now is not null ? [$"made to recur{Rule(now)}"] : was is not null ? ["recurs no more"] : [];
        }

        var taken = (now.Excluded ?? []).Except(was.Excluded ?? []).ToList();
        var given = (was.Excluded ?? []).Except(now.Excluded ?? []).ToList();
        var rules = Same(was with { Excluded = null }, now with { Excluded = null }) ? Array.Empty<string>() : [$"recurs otherwise{Rule(now)}"];
        return [.. rules, .. taken.Select(date => $"occurrence of {Wall(date)} taken out"), .. given.Select(date => $"occurrence of {Wall(date)} put back")];
    }

    private static IEnumerable<string> Others(Appointment before, Appointment after)
    {
        (string Name, object? Was, object? Is)[] members =
        [
            ("links", before.Links, after.Links), ("attachments", before.Attachments, after.Attachments),
            ("reminders", before.Reminders, after.Reminders), ("metadata", before.Metadata, after.Metadata),
            ("origin", before.External, after.External), ("end's time zone", before.EndTimeZone, after.EndTimeZone),
            ("UID", before.Uid, after.Uid),
        ];
        return members.Where(member => !Same(member.Was, member.Is)).Select(member => $"{member.Name} changed");
    }

    private static bool SaysOwnAnswer(string part, string by) => Enum.GetValues<AttendeeResponse>().Any(response => part == $"{by} {Answer(response)}");

    private static string Answer(AttendeeResponse? response) => response switch
    {
        AttendeeResponse.Accepted => "accepted",
        AttendeeResponse.Declined => "declined",
        AttendeeResponse.Tentative => "accepted tentatively",
        _ => "has yet to answer",
    };

    private static bool Same(object? left, object? right) => left is null || right is null
        ? left is null && right is null
        : WireJson.WriteAny(left).AsSpan().SequenceEqual(WireJson.WriteAny(right));

    private static string Rule(Appointments.Recurrence recurrence) => recurrence.Rule is { } rule ? $" ({rule})" : "";

    private static string At(Appointment says) => says.AllDay == true ? Date.Format(says.Start!.Value.Date) : $"{Wall(says.Start!.Value)} ({says.TimeZone})";

    private static string Wall(LocalDateTime time) => $"{Date.Format(time.Date)} {Time.Format(time.TimeOfDay)}";

    private static string Quoted(string text) => text.Length <= LongestTitle ? $"'{text}'" : $"'{text.AsSpan(0, LongestTitle)}…'";

    private static string Word<T>(T value)
        where T : struct, Enum => System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString()).ToLower(CultureInfo.InvariantCulture);
}
