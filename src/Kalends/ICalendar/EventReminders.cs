using Kalends.Appointments;
using Kalends.Time;
using NodaTime;

namespace Kalends.ICalendar;

/// <summary>
/// VALARM (RFC 5545 §3.6.6) as reminders: each trigger once, at its time before the start. An alarm after the start, or one that repeats
/// (its later rounds), has no place in an appointment and is left out.
/// </summary>
internal static class EventReminders
{
    public static IReadOnlyList<Reminder>? Read(RawComponent item, EventTimes times)
    {
        var reminders = item.Children.Where(child => child.Name == "VALARM").Select(alarm => One(alarm, times)).OfType<Reminder>().Distinct().ToList();
        return reminders.Count > 0 ? reminders : null;
    }

    private static Reminder? One(RawComponent alarm, EventTimes times)
    {
        var action = alarm.First("ACTION")?.Value.Trim().ToUpperInvariant();
        if (action == "NONE" || alarm.First("TRIGGER") is not { } trigger || Before(trigger, times) is not { } before)
        {
            return null;
        }

        var sms = alarm.First("X-KALENDS-CHANNEL")?.Value.Trim().Equals("SMS", StringComparison.OrdinalIgnoreCase) == true;
        return new() { Before = before, Channel = sms ? ReminderChannel.Sms : action == "EMAIL" ? ReminderChannel.Email : ReminderChannel.Push };
    }

    private static NominalDuration? Before(ContentLine trigger, EventTimes times)
    {
        var text = trigger.Value.Trim().ToUpperInvariant();
        if (trigger.Has("VALUE", "DATE-TIME"))
        {
            var start = DaylightSavingPolicy.Rfc5545.Resolve(times.Start, Zones.Get(times.Zone ?? "UTC"));
            return EventTimes.Utc(trigger) is { } at && at <= start && (start - at).TotalDays < EventTimes.MostDays
                ? NominalDuration.OfSeconds((long)(start - at).TotalSeconds)
                : null;
        }

        if (!NominalDuration.TryParse(text.TrimStart('-', '+'), out var amount) || (text[0] != '-' && amount.ExactSeconds > 0))
        {
            return null;
        }

        if (!trigger.Has("RELATED", "END"))
        {
            return amount;
        }

        var beforeStart = amount.ExactSeconds - times.Duration.ExactSeconds;
        return beforeStart < 0 ? null : NominalDuration.OfSeconds(beforeStart);
    }
}
