using Kalends.Appointments;
using Kalends.Queue;
using Kalends.Reminders.Push;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Reminders;

/// <summary>Some of a batch that are sent side by side: what was noted of them, and what came of those that left.</summary>
internal sealed record Slice(List<Verdict> Verdicts, List<Verdict> Leaving, IReadOnlyList<OutgoingReminder> Outgoing)
{
    public IReadOnlyList<SendResult> Results { get; set; } = [];

    public List<(Verdict Verdict, SendResult Result)> Sent => [.. Leaving.Zip(Results)];
}

/// <summary>
/// One run over a batch. As many as the channel sends side by side are looked at again and noted in one transaction; then they are sent; what came of them is
/// written and published in the transaction that notes the next, that of the last with the end of the message. Who dies in between leaves the notes: whoever
/// reads the message then sends none of those a second time, and tells that nobody knows. So each is sent at most once, as many are lost to sight as a channel
/// sends side by side, and what was surely not sent is tried again until the appointment begins.
/// </summary>
internal sealed class ReminderRun(
    WorkContext context, ReminderBatch batch, IReminderChannel? channel, ReminderFitness fitness, Action<string> tell, Func<double> dice)
{
    private readonly Queue<DueReminder> waiting = new(batch.Reminders.Distinct());
    private readonly List<DueReminder> back = [];
    private Slice? open;
    private SendResult? last;
    private bool isAway = true;
    private Duration wait;

    public async ValueTask<WorkResult> Run()
    {
        if (channel is null)
        {
            await Note(int.MaxValue);
        }
        else
        {
            await foreach (var results in channel.Send(Slices(), context.Stopped))
            {
                open!.Results = results;
                last = results[^1];
                isAway &= results.All(one => one.End == SendEnd.Later);
            }
        }

        await End();
        // The destination is to blame, and hears less for a while.
        return last is { } said && isAway && channel!.GoesByOneServer ? WorkResult.Later(said.Reason ?? "not sent") : WorkResult.Done;
    }

    private async IAsyncEnumerable<IReadOnlyList<OutgoingReminder>> Slices()
    {
        while (waiting.Count > 0 && !context.Stopped.IsCancellationRequested)
        {
            await Note(channel!.AtOnce);
            if (open!.Outgoing.Count > 0)
            {
                yield return open.Outgoing;
            }
        }
    }

    /// <summary>Writes down what came of those before, looks at the next again, and notes what is about to leave.</summary>
    private async ValueTask Note(int most)
    {
        var some = new List<DueReminder>();
        while (some.Count < most && waiting.TryDequeue(out var next))
        {
            some.Add(next);
        }

        await using var session = await context.WriteToTheEnd();
        var (before, now) = (await Settle(session), context.Now);
        var verdicts = await new Leaving(session, batch with { Reminders = some }, channel, now).Judge();
        var intents = verdicts.Where(one => one.Leaves).Select(one => new DeliveryIntent(
            one.Key!.Value, one.Reminder.Due.ToUnixTimeSeconds(), one.Key.Value.MessageId(context.Tenant))).DistinctBy(one => one.Key).ToList();
        var rows = session.Rows<IReminderWrites>();
        var own = intents.Count == 0 ? new HashSet<DeliveryKey>() : await rows.Intend(intents, context.Message.Id, now);
        verdicts = await WithKnown(rows, verdicts, own, context.Message.Id);
        if (intents.Count > 0 || before is not null)
        {
            if (!await session.Rows<IQueueWrites>().StillHeld(context.Lease))
            {
                throw new LeaseLostException();
            }

            await session.Commit(CancellationToken.None);
        }

        Tell(before);
        var leaving = verdicts.Where(one => one.Leaves && own.Contains(one.Key!.Value)).DistinctBy(one => one.Key).ToList();
        open = new(verdicts, leaving, [.. leaving.Select(one => new OutgoingReminder(
            one.Key!.Value.MessageId(context.Tenant), one.Addresses!, one.Says!, one.Person!, one.Reminder.Start))]);
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

    /// <summary>The last is written down with the end of the message; what is to be tried again, and what was not come to, are sent on as another.</summary>
    private async ValueTask End()
    {
        await using var session = await context.WriteToTheEnd();
        var settled = await Settle(session);
        if (waiting.Count > 0)
        {
            back.AddRange(waiting);
            wait = Duration.Max(wait, last is null ? Duration.Zero : Retry.Usual.Next(dice()));
        }

        if (back.Count > 0)
        {
            var again = new ReminderBatch(batch.Channel, back) { LastReason = QueueMessage.Bounded(last?.Reason ?? batch.LastReason) };
            await session.Rows<IQueueWrites>().Send(again.At(Now + wait), Now);
        }

        await context.Commit(session);
        Tell(settled);
    }

    private Instant Now => Instant.FromUnixTimeSeconds(context.Now.ToUnixTimeSeconds());

    /// <summary>Writes what came of the slice that is open; null where none is.</summary>
    private async ValueTask<Settled?> Settle(IWriteSession session)
    {
        if (open is not { } slice)
        {
            return null;
        }

        open = null;
        var (rows, now, sent) = (session.Rows<IReminderWrites>(), Now, slice.Sent);
        var again = Back(sent, now);
        var ends = slice.Verdicts.Where(one => one.Fault is not null).Select(one => (one.Fault!.Value.Code, End: one.End(
                batch.Channel, DeliveryState.Failed, said => said with { Code = one.Fault.Value.Code, Reason = one.Fault.Value.Reason })))
            .Concat(sent.Where(one => !again.Contains(one.Verdict)).Select(one => Ended(one.Verdict, one.Result, now))).ToList();
        if (again.Count > 0)
        {
            await rows.TakeBack([.. again.Select(one => one.Key!.Value)], context.Message.Id);
            back.AddRange(again.Select(one => one.Reminder));
        }

        await rows.End([.. ends.Select(one => one.End)], context.Message.Id, now);
        await Forget(session, sent);
        return new(slice, ends, await Stale(session, sent));
    }

    /// <summary>Those that may be tried again before they lose their purpose.</summary>
    private List<Verdict> Back(List<(Verdict Verdict, SendResult Result)> sent, Instant now)
    {
        var later = sent.Where(one => one.Result.End == SendEnd.Later).ToList();
        if (later.Count == 0)
        {
            return [];
        }

        var pause = Retry.Usual.Next(dice(), later.Select(one => one.Result.After).Max());
        wait = Duration.Max(wait, pause);
        return [.. later.Where(one => now + pause < one.Verdict.Reminder.Deadline).Select(one => one.Verdict)];
    }

    private (string Code, DeliveryEnd End) Ended(Verdict verdict, SendResult result, Instant now)
    {
        var code = result.End switch
        {
            SendEnd.Sent => "",
            SendEnd.Refused => ReminderFaults.Refused,
            SendEnd.Unknown => ReminderFaults.Unknown,
            _ => ReminderFaults.Unreachable,
        };
        return (code, verdict.End(batch.Channel, code.Length == 0 ? DeliveryState.Sent : DeliveryState.Failed, said => code.Length == 0
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

    /// <summary>Measures what is written down.</summary>
    private void Tell(Settled? settled)
    {
        if (settled is null)
        {
            return;
        }

        ReminderMeasurements.Of(batch, settled.Slice, settled.Ends.Select(one => one.Code), context.Now);
        ReminderMeasurements.Stale(settled.Stale);
        var failed = settled.Ends.Count(one => one.Code.Length > 0);
        if (fitness.Count(failed, settled.Ends.Count - failed, settled.Stale, Now) is { } fault)
        {
            tell(fault);
        }
    }

    private sealed record Settled(Slice Slice, List<(string Code, DeliveryEnd End)> Ends, long Stale);
}
