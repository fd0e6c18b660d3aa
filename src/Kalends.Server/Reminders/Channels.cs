using Kalends.Appointments;
using Kalends.Queue;
using Kalends.Reminders;
using Kalends.Server.Http;
using Kalends.Server.Workers;
using NodaTime;

namespace Kalends.Server.Reminders;

/// <summary>The channels that are set up, and who sends over them.</summary>
internal static class Channels
{
    public static IReadOnlyList<IReminderChannel> Of(IServiceProvider provider) => Of(
        provider.GetRequiredService<KalendsSettings>(), provider.GetRequiredService<IClock>(), provider.GetRequiredService<TimeProvider>());

    private static IReadOnlyList<IReminderChannel> Of(KalendsSettings all, IClock clock, TimeProvider time)
    {
        var settings = all.Reminders;
        return settings.SendsNothing
            ? [.. Enum.GetValues<ReminderChannel>().Select(kind => new NullChannel(kind))]
            : [
                .. settings.Email.Host is null ? Array.Empty<IReminderChannel>() : [new EmailChannel(settings.Email)],
                .. settings.Sms.Account is null ? Array.Empty<IReminderChannel>() : [new SmsChannel(settings.Sms)],
                .. settings.Push.Identity is { } identity ? [new PushChannel(identity, all.Outgoing.Rules(), clock, time)] : Array.Empty<IReminderChannel>(),
            ];
    }

    public static IWork Work(IServiceProvider provider)
    {
        var settings = provider.GetRequiredService<KalendsSettings>().Reminders;
        var log = provider.GetRequiredService<ILogger<QueueWorkers>>();
        return new ReminderWork(
            provider.GetRequiredService<IReadOnlyList<IReminderChannel>>(), new(new(settings.MostFailed, settings.MostStale)),
            fault => WorkLog.Unfit(log, fault), Random.Shared.NextDouble);
    }
}
