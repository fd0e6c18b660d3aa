using Kalends.Messages;
using Kalends.Schedules;
using Kalends.Server.Http;
using Kalends.Storage;
using Kalends.Time;

namespace Kalends.Server.Workers;

/// <summary>The schedules of a host, by its settings.</summary>
internal static class HostSchedules
{
    public static IReadOnlyList<Schedule> Of(IStore store, Dispatcher dispatcher, KalendsSettings settings) =>
        KnownSchedules.Of(
        store, dispatcher, settings.Schedules.Rules() with { RemindersCatchUp = NominalDuration.OfMinutes(settings.Reminders.CatchUpMinutes) },
        settings.Trail.KeepDays);
}
