using Kalends.Queue;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Reminders;

/// <summary>Sends a batch of reminders, each at most once (<see cref="ReminderRun"/>).</summary>
/// <param name="channels">Those that are set up.</param>
/// <param name="fitness">How good they are of late.</param>
/// <param name="tell">Told where that is not good enough.</param>
/// <param name="dice">From 0 to 1.</param>
public sealed class ReminderWork(
    IReadOnlyList<IReminderChannel> channels, ReminderFitness fitness, Action<string> tell, Func<double> dice) : IWork
{
    public string Queue => ReminderBatch.Queue;

    public string Kind => ReminderBatch.Kind;

    /// <summary>
    /// Often: processes that end before they come to a message are no fault of it, and one that kills whoever reads it ends by what is noted before
    /// anything is sent.
    /// </summary>
    public int MostReads => 20;

    public ValueTask<WorkResult> Run(WorkContext context)
    {
        var batch = ReminderBatch.Read(context.Message);
        return new ReminderRun(context, batch, channels.FirstOrDefault(one => one.Kind == batch.Channel), fitness, tell, dice).Run();
    }

    /// <summary>What will not be done is told, as far as nobody told it.</summary>
    public async ValueTask Failed(QueueMessage message, string reason, Instant now, IWriteSession session)
    {
        var batch = ReminderBatch.Read(message);
        var verdicts = await new Leaving(session, batch, channels.FirstOrDefault(one => one.Kind == batch.Channel), now).Judge();
        var rows = session.Rows<IReminderWrites>();
        var states = await rows.States([.. verdicts.Select(one => one.Key).OfType<DeliveryKey>()]);
        // Who was begun with was noted, and stands in nobody's way: the others go on by themselves.
        var isUnderWay = states.Values.Any(state => state.Message == message.Id);
        var others = verdicts.Where(one => isUnderWay && one.Leaves && !states.ContainsKey(one.Key!.Value)).ToList();
        if (others.Count > 0)
        {
            var rest = batch with { Reminders = [.. others.Select(one => one.Reminder)] };
            await session.Rows<IQueueWrites>().Send(rest.At(now), now);
        }

        var failed = verdicts.Where(one => one.Dropped is null && one.Key is not null).Except(others).ToList();
        await rows.End([.. failed.Select(one => one.End(batch.Channel, DeliveryState.Failed, said => said with
        {
            Code = states.ContainsKey(one.Key!.Value) ? ReminderFaults.Unknown : one.Fault?.Code ?? ReminderFaults.Unreachable,
            Reason = one.Fault?.Reason ?? reason,
        }))], message.Id, now);
        ReminderMeasurements.Failed(ReminderFaults.Unreachable, failed.Count);
    }
}
