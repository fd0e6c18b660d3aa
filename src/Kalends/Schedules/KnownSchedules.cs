using System.Globalization;
using Kalends.Appointments;
using Kalends.Messages;
using Kalends.Reminders;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Schedules;

/// <summary>When the schedules of the program are due.</summary>
public sealed record ScheduleRules
{
    /// <summary>The zone of all of them.</summary>
    public string Zone { get; init; } = "UTC";

    /// <summary>Early on the first of a month.</summary>
    public string UpdateOccurrences { get; init; } = "FREQ=MONTHLY;BYMONTHDAY=1;BYHOUR=2;BYMINUTE=40";

    /// <summary>At night, after the day that is dropped has ended everywhere.</summary>
    public string Housekeeping { get; init; } = "FREQ=DAILY;BYHOUR=3;BYMINUTE=10";

    /// <summary>How late a reminder may be and still leave.</summary>
    public NominalDuration RemindersCatchUp { get; init; } = NominalDuration.OfMinutes(60);

    /// <summary>What is wrong with them, or null.</summary>
    public string? Fault => new[] { UpdateOccurrences, Housekeeping }
        .Select(rule => ScheduleTimes.TryOf(rule, Zone, out var fault) is null ? fault : null).FirstOrDefault(fault => fault is not null);
}

/// <summary>Every schedule of the program: one line each.</summary>
public static class KnownSchedules
{
    public const string UpdateOccurrences = "update-occurrences";

    public const string Housekeeping = "housekeeping";

    public const string SendReminders = "send-reminders";

    /// <summary>Of what may take hours.</summary>
    public const string Upkeep = "upkeep";

    private static readonly Duration Hours = Duration.FromHours(12);

    public static IReadOnlyList<Schedule> Of(IStore store, Dispatcher dispatcher, ScheduleRules rules, int? keepDays) =>
    [
        new(SendReminders, "FREQ=MINUTELY", "UTC")
        {
            Queue = ReminderBatch.Queue, CatchUp = Duration.FromMinutes(1),
            Run = async (now, stopped) => await Remind(store, dispatcher, rules.RemindersCatchUp, now, stopped),
        },
        new(UpdateOccurrences, rules.UpdateOccurrences, rules.Zone)
        {
            Queue = Upkeep, CatchUp = Duration.FromDays(20), Longest = Hours, Run = async (_, stopped) => await Lay(store, dispatcher, stopped),
        },
        new(Housekeeping, rules.Housekeeping, rules.Zone)
        {
            Queue = Upkeep, CatchUp = Hours, Longest = Hours, Run = new Housekeeping(store, keepDays).Run,
        },
    ];

    private static async ValueTask<string> Remind(
        IStore store, Dispatcher dispatcher, NominalDuration catchUp, Instant now, CancellationToken stopped) =>
        await new OfEachTenant(dispatcher, SendReminders).Run(
            await store.TenantsToRemind(now + Reminders.SendReminders.Ahead, stopped), new SendReminders { CatchUp = catchUp },
            results => string.Create(
                CultureInfo.InvariantCulture, $"{results.Sum(result => result.Due)} reminders due, {results.Sum(result => result.TooLate)} of them too late"),
            stopped);

    private static async ValueTask<string> Lay(IStore store, Dispatcher dispatcher, CancellationToken stopped) =>
        await new OfEachTenant(dispatcher, UpdateOccurrences).Run(
            await store.Tenants(stopped), new UpdateOccurrences(),
            results => string.Create(
                CultureInfo.InvariantCulture,
                $"{results.Sum(result => result.Series)} series stored further, {results.Sum(result => result.Occurrences)} occurrences"),
            stopped);
}
