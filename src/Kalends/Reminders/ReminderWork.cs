using Kalends.Appointments;
using Kalends.Queue;
using Kalends.Reminders.Push;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Reminders;

/// <summary>
/// Sends a batch of reminders. First, in one transaction, each is looked at again and what is to leave is noted; then it is sent; then what came of it is
/// written and published, with the end of the message. Who dies in between leaves the notes: whoever reads the message then sends none of those a second time,
/// and tells that nobody knows. So each is sent at most once; what was surely not sent is tried again until the appointment begins.
/// </summary>
/// <param name="channels">Those that are set up.</param>
/// <param name="fitness">How good they are of late.</param>
/// <param name="tell">Told where that is not good enough.</param>
/// <param name="dice">From 0 to 1.</param>
public sealed class ReminderWork(
    IReadOnlyList<IReminderChannel> channels, ReminderFitness fitness, Action<string> tell, Func<double> dice) : IWork
{
    public string Queue => ReminderBatch.Queue;

    public string Kind => ReminderBatch.Kind;

    public async ValueTask<WorkResult> Run(WorkContext context)
    {
        var batch = ReminderBatch.Read(context.Message);
        var channel = channels.FirstOrDefault(one => one.Kind == batch.Channel);
        var (verdicts, intents) = await Note(context, batch, channel);
        var leaving = verdicts.Where(one => one.Leaves && intents.ContainsKey(one.Key!.Value)).ToList();
        var outgoing = leaving.Select(one => new OutgoingReminder(
            intents[one.Key!.Value], one.Addresses!, one.Says!, one.Person!, one.Reminder.Start)).ToList();
        var results = outgoing.Count == 0 ? [] : await channel!.Send(outgoing, context.Stopped);
        var sent = leaving.Zip(results, (verdict, result) => (Verdict: verdict, Result: result)).ToList();
        return await Write(context, batch, verdicts, sent);
    }

    /// <summary>What will not be done is told, as far as nobody told it.</summary>
    public async ValueTask Failed(QueueMessage message, string reason, Instant now, IWriteSession session)
    {
        var batch = ReminderBatch.Read(message);
        var verdicts = await new Leaving(session, batch, channels.FirstOrDefault(one => one.Kind == batch.Channel), now).Judge();
        var rows = session.Rows<IReminderWrites>();
        var states = await rows.States([.. verdicts.Select(one => one.Key).OfType<DeliveryKey>()]);
        var failed = verdicts.Where(one => one.Dropped is null && one.Key is not null).ToList();
        await rows.End([.. failed.Select(one => one.End(batch.Channel, DeliveryState.Failed, said => said with
        {
            Code = states.ContainsKey(one.Key!.Value) ? ReminderFaults.Unknown : one.Fault?.Code ?? ReminderFaults.Unreachable,
            Reason = one.Fault?.Reason ?? reason,
        }))], message.Id, now);
        ReminderMeasurements.Failed(ReminderFaults.Unreachable, failed.Count);
    }

    /// <summary>Looks again, and notes what is about to leave. The answer has the ids of what may, by key.</summary>
    private static async ValueTask<(List<Verdict> Verdicts, Dictionary<DeliveryKey, Guid> Intents)> Note(
        WorkContext context, ReminderBatch batch, IReminderChannel? channel)
    {
        await using var session = await context.Write();
        var now = context.Now;
        var verdicts = await new Leaving(session, batch, channel, now).Judge();
        var intents = verdicts.Where(one => one.Leaves).Select(one => new DeliveryIntent(
            one.Key!.Value, one.Reminder.Due.ToUnixTimeSeconds(), one.Key.Value.MessageId(context.Tenant))).DistinctBy(one => one.Key).ToList();
        var rows = session.Rows<IReminderWrites>();
        if (intents.Count == 0)
        {
            return (await WithKnown(rows, verdicts, new HashSet<DeliveryKey>(), context.Message.Id), []);
        }

        var own = await rows.Intend(intents, context.Message.Id, now);
        if (!await session.Rows<IQueueWrites>().StillHeld(context.Lease))
        {
            throw new LeaseLostException();
        }

        verdicts = await WithKnown(rows, verdicts, own, context.Message.Id);
        await session.Commit(context.Stopped);
        return (verdicts, intents.Where(one => own.Contains(one.Key)).ToDictionary(one => one.Key, one => one.Id));
    }

    /// <summary>What was noted before is not ours: it has its end, or will have, unless an earlier reader of this very message fell silent.</summary>
    private static async ValueTask<List<Verdict>> WithKnown(IReminderRows rows, List<Verdict> verdicts, IReadOnlySet<DeliveryKey> own, long message)
    {
        const string Silent = "whoever sent it fell silent before saying what came of it";
        var states = await rows.States([.. verdicts.Select(one => one.Key).OfType<DeliveryKey>().Where(key => !own.Contains(key))]);
        return [.. verdicts.Select(one => one.Key is not { } key || !states.TryGetValue(key, out var state) ? one
            : state == (DeliveryState.Sending, message) ? one with { Dropped = null, Fault = (ReminderFaults.Unknown, Silent) }
            : one with { Dropped = "known", Fault = null })];
    }

    private async ValueTask<WorkResult> Write(
        WorkContext context, ReminderBatch batch, List<Verdict> verdicts, List<(Verdict Verdict, SendResult Result)> sent)
    {
        var now = Instant.FromUnixTimeSeconds(context.Now.ToUnixTimeSeconds());
        await using var session = await context.WriteToTheEnd();
        var rows = session.Rows<IReminderWrites>();
        var back = Back(sent, now, out var wait);
        var ends = verdicts.Where(one => one.Fault is not null).Select(one => (one.Fault!.Value.Code, End: one.End(
                batch.Channel, DeliveryState.Failed, said => said with { Code = one.Fault.Value.Code, Reason = one.Fault.Value.Reason })))
            .Concat(sent.Where(one => !back.Contains(one.Verdict)).Select(one => Ended(one.Verdict, one.Result, batch.Channel, now))).ToList();
        if (back.Count > 0)
        {
            await rows.TakeBack([.. back.Select(one => one.Key!.Value)], context.Message.Id);
            var reason = sent.First(one => one.Result.End == SendEnd.Later).Result.Reason;
            var again = new ReminderBatch(batch.Channel, [.. back.Select(one => one.Reminder)]) { LastReason = QueueMessage.Bounded(reason) };
            await session.Rows<IQueueWrites>().Send(again.At(now + wait), now);
        }

        await rows.End([.. ends.Select(one => one.End)], context.Message.Id, now);
        await Forget(session, sent);
        var stale = await Stale(session, sent);
        await context.Commit(session);
        Measure(batch, verdicts, sent, ends, context.Now);
        ReminderMeasurements.Stale(stale);
        if (fitness.Count(ends.Count(one => one.Code.Length > 0), ends.Count(one => one.Code.Length == 0), stale, now) is { } fault)
        {
            tell(fault);
        }

        // The destination is to blame, and hears less for a while.
        return sent.Count > 0 && sent.All(one => one.Result.End == SendEnd.Later) && channels.First(one => one.Kind == batch.Channel).GoesByOneServer
            ? WorkResult.Later(sent[0].Result.Reason ?? "not sent") : WorkResult.Done;
    }

    /// <summary>Those that may be tried again before they lose their purpose, and how long to wait.</summary>
    private List<Verdict> Back(List<(Verdict Verdict, SendResult Result)> sent, Instant now, out Duration wait)
    {
        var later = sent.Where(one => one.Result.End == SendEnd.Later).ToList();
        var pause = wait = Retry.Usual.Next(dice(), later.Select(one => one.Result.After).Max());
        return [.. later.Where(one => now + pause < one.Verdict.Reminder.Deadline).Select(one => one.Verdict)];
    }

    private static (string Code, DeliveryEnd End) Ended(Verdict verdict, SendResult result, ReminderChannel channel, Instant now)
    {
        var code = result.End switch
        {
            SendEnd.Sent => "",
            SendEnd.Refused => ReminderFaults.Refused,
            SendEnd.Unknown => ReminderFaults.Unknown,
            _ => ReminderFaults.Unreachable,
        };
        return (code, verdict.End(channel, code.Length == 0 ? DeliveryState.Sent : DeliveryState.Failed, said => code.Length == 0
            ? said with { ActualTime = now }
            : said with { Code = code, Reason = result.Reason }));
    }

    private static ValueTask Forget(IWriteSession session, List<(Verdict Verdict, SendResult Result)> sent)
    {
        var gone = sent.SelectMany(one => one.Result.Gone ?? []).DistinctBy(one => one.Id).ToList();
        return gone.Count == 0 ? ValueTask.CompletedTask : session.Rows<IPushWrites>().Remove(gone);
    }

    /// <summary>Of those that were sent, how many would not be any more: the window between the look and the sending.</summary>
    private static async ValueTask<long> Stale(IReadSession session, List<(Verdict Verdict, SendResult Result)> sent)
    {
        var left = sent.Where(one => one.Result.End == SendEnd.Sent).Select(one => one.Verdict).ToList();
        var known = left.Count == 0 ? new Dictionary<Guid, AppointmentRow>()
            : await session.Rows<IAppointmentRows>().Find([.. left.Select(one => one.Reminder.Appointment).Distinct()]);
        return left.Count(one => !known.TryGetValue(one.Reminder.Appointment, out var row)
            || (row.Version != one.Says!.Version && Leaving.IsStale(one.Reminder, KnownAppointment.Of(row), one.Person!)));
    }

    private static void Measure(
        ReminderBatch batch, List<Verdict> verdicts, List<(Verdict Verdict, SendResult Result)> sent, List<(string Code, DeliveryEnd End)> ends, Instant now)
    {
        foreach (var one in sent.Where(one => one.Result.End == SendEnd.Sent))
        {
            ReminderMeasurements.Sent(batch.Channel, (now - one.Verdict.Reminder.Due).TotalSeconds);
        }

        foreach (var code in ends.Where(one => one.Code.Length > 0).GroupBy(one => one.Code))
        {
            ReminderMeasurements.Failed(code.Key, code.Count());
        }

        foreach (var why in verdicts.Select(one => one.Dropped).OfType<string>())
        {
            ReminderMeasurements.Dropped(why);
        }
    }
}
