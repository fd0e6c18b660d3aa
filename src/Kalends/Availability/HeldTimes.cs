using Kalends.Messages;

namespace Kalends.Availability;

/// <summary>What a save does with the hold it names: it must be the caller's own and still hold, and it ends with the save.</summary>
public static class HeldTimes
{
    public static async ValueTask<Refusal?> RefuseUnusable(CommandContext context, Guid? id)
    {
        if (id is null)
        {
            return null;
        }

        var hold = await context.Rows<IAttendanceRows>().FindHold(id.Value);
        return hold is null || hold.Person != context.Caller.Person || hold.ExpiresAt <= context.Now.ToUnixTimeSeconds()
            ? Refusal.At(RefusalCode.NotFound, "/hold", "is not a hold of yours, or it has expired; hold the time again")
            : null;
    }

    public static async ValueTask Use(CommandContext context, Guid? id)
    {
        if (id is not null)
        {
            await context.Rows<IAttendanceWrites>().DeleteHold(id.Value);
        }
    }
}
