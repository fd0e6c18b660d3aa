using System.Globalization;
using Kalends.Audit;
using Kalends.Reminders;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Schedules;

/// <summary>
/// What a store wants done once a day, of all tenants: room for the months to come, what is too old of the trail, and answers, holds, operations and messages
/// that are kept no longer. In small transactions; cut short, the next run goes on.
/// </summary>
/// <param name="store">Whose.</param>
/// <param name="keepDays">How long the trail is kept; null is for ever.</param>
public sealed class Housekeeping(IStore store, int? keepDays)
{
    private const int PerBatch = 1_000;

    public async ValueTask<string> Run(Instant now, CancellationToken stopped)
    {
        await store.PrepareAhead(stopped);
        var (entries, reminders, swept) = (0L, 0L, default(Swept));
        foreach (var tenant in await store.Tenants(stopped))
        {
            entries += keepDays is { } days ? await Retention.Run(store, tenant, Retention.Before(now, days), null, stopped) : 0;
            reminders += await ForgetReminders(tenant, now, stopped);
            swept += await Sweep(tenant, now, stopped);
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $"dropped {entries} trail entries; forgot {reminders} reminders, "
            + $"{swept.Answers} answers, {swept.Holds} holds, {swept.Operations} operations, {swept.Messages} messages");
    }

    private async ValueTask<long> ForgetReminders(string tenant, Instant now, CancellationToken stopped)
    {
        for (var all = 0L; ;)
        {
            await using var session = await store.Write(tenant, stopped);
            var forgotten = await session.Rows<IReminderWrites>().Forget(now - Duration.FromDays(IReminderWrites.FewestDays), PerBatch);
            await session.Commit(stopped);
            all += forgotten;
            if (forgotten < PerBatch)
            {
                return all;
            }
        }
    }

    private async ValueTask<Swept> Sweep(string tenant, Instant now, CancellationToken stopped)
    {
        for (var all = default(Swept); ;)
        {
            await using var session = await store.Write(tenant, stopped);
            var swept = await session.Rows<ISweepWrites>().Forget(now, PerBatch);
            await session.Commit(stopped);
            all += swept;
            if (Math.Max(Math.Max(swept.Answers, swept.Holds), Math.Max(swept.Operations, swept.Messages)) < PerBatch)
            {
                return all;
            }
        }
    }
}
