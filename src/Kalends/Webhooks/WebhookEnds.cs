using Kalends.Queue;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Webhooks;

/// <summary>What a worker does next: the next event, a look at the webhook anew, or nothing more with this message.</summary>
internal readonly record struct Step(WorkResult? End, bool IsAnew)
{
    public static Step Next => new(null, false);

    public static Step Anew => new(null, true);

    public static Step Ended(WorkResult result) => new(result, false);
}

/// <summary>
/// What comes of an event is written in one transaction with the webhook's place, and with its message, which goes when nothing more is due. Who finds the
/// webhook elsewhere, as when it was told to begin anew meanwhile, keeps nothing.
/// </summary>
internal static class WebhookEnds
{
    public static ValueTask<Step> Delivered(WorkContext context, Guid id, Told told) => InSession(context, id, told.Place, async (session, webhook) =>
    {
        await session.Rows<IWebhookWrites>().Record(told.Delivery(id, DeliveryStatus.Delivered, webhook.Attempts + 1, context.Now));
        return await GoOn(context, session, webhook.Answering() with { Place = told.Next }, told.MayGoOn);
    });

    /// <summary>Nothing of what lay up to there was for it.</summary>
    public static ValueTask<Step> Skip(WorkContext context, Guid id, long place, long next, bool mayGoOn) => InSession(
        context, id, place, (session, webhook) => GoOn(context, session, webhook with { Place = next, Attempts = 0 }, mayGoOn));

    public static ValueTask<Step> Gone(WorkContext context, Guid id, Told told, string error) => InSession(context, id, told.Place, async (session, webhook) =>
    {
        await session.Rows<IWebhookWrites>().Record(told.Delivery(id, DeliveryStatus.Failed, webhook.Attempts + 1, context.Now, error));
        return await Disable(context, session, webhook with { LastError = error }, "the receiver answered 410 Gone");
    });

    /// <summary>It did not come through: again soon, or, where its time is over, never.</summary>
    public static ValueTask<Step> Missed(WorkContext context, Guid id, Told told, WebhookAnswer answer, WebhookPatience patience) => InSession(
        context, id, told.Place, async (session, webhook) =>
        {
            var now = context.Now;
            var failing = webhook with { FailingSince = webhook.FailingSince ?? now, Attempts = webhook.Attempts + 1, LastError = answer.Error };
            if (now >= Instant.Max(told.Seen.Time, webhook.Since) + patience.KeepTrying)
            {
                var next = failing with { Place = told.Next, Attempts = 0 };
                await session.Rows<IWebhookWrites>().Record(told.Delivery(id, DeliveryStatus.Failed, failing.Attempts, now, answer.Error));
                return next.HasMore ? await GoOn(context, session, next, told.MayGoOn) : await Disable(context, session, next, Silent(next));
            }

            // One event may be what a receiver cannot take; where the next does not come through either, it is the receiver.
            if (now >= failing.FailingSince + patience.KeepTrying)
            {
                return await Disable(context, session, failing, Silent(failing));
            }

            await Keep(context, session, failing);
            return Step.Ended(WorkResult.Later(answer.Error!, answer.RetryAfter));
        });

    private static string Silent(Webhook webhook) => $"nothing came through since {webhook.FailingSince}: {webhook.LastError}";

    private static async ValueTask<Step> InSession(
        WorkContext context, Guid id, long place, Func<IWriteSession, Webhook, ValueTask<Step>> write)
    {
        await using var session = await context.Write();
        return await session.Rows<IWebhookWrites>().Find(id) is { IsActive: true } webhook && webhook.Place == place
            ? await write(session, webhook)
            : Step.Anew;
    }

    private static async ValueTask<Step> GoOn(WorkContext context, IWriteSession session, Webhook webhook, bool mayGoOn)
    {
        if (webhook.HasMore && mayGoOn)
        {
            await Keep(context, session, webhook);
            return Step.Next;
        }

        await session.Rows<IWebhookWrites>().Save(webhook);
        if (webhook.HasMore)
        {
            await WebhookMessages.Send(session.Rows<IQueueWrites>(), webhook, context.Now);
        }

        await context.Commit(session);
        return Step.Ended(WorkResult.Done);
    }

    private static async ValueTask Keep(WorkContext context, IWriteSession session, Webhook webhook)
    {
        await session.Rows<IWebhookWrites>().Save(webhook);
        if (!await session.Rows<IQueueWrites>().StillHeld(context.Lease))
        {
            throw new LeaseLostException();
        }

        await session.Commit(context.Stopped);
    }

    private static async ValueTask<Step> Disable(WorkContext context, IWriteSession session, Webhook webhook, string reason)
    {
        await session.Rows<IWebhookWrites>().Save(webhook with { DisabledFor = reason });
        await context.Commit(session);
        return Step.Ended(WorkResult.Done);
    }
}
