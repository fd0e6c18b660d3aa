using Kalends.Storage;

namespace Kalends.Messages;

/// <summary>
/// Runs a command anew where others were faster (<see cref="StoreChangedException"/>), and at once: whoever changed what it had read has
/// committed by then. Each time what it needs is locked before it reads, so a third time is rare.
/// </summary>
internal static class Attempts
{
    /// <summary>Each one that fails has seen another command succeed, or adds calendars to those that are locked first.</summary>
    private const int Most = 8;

    /// <param name="attempt">One transaction. It locks the calendars it is given before it reads anything.</param>
    public static async ValueTask<Reply> Run(Func<IReadOnlyCollection<CalendarId>, ValueTask<Reply>> attempt)
    {
        var first = new HashSet<CalendarId>();
        for (var number = 1; ; number++)
        {
            try
            {
                return await attempt(first);
            }
            catch (StoreChangedException fault) when (number < Most)
            {
                first.UnionWith(fault.Calendars);
            }
            catch (StoreChangedException fault)
            {
                throw new StoreUnavailableException("Others keep changing the same calendars; try again shortly.", fault);
            }
        }
    }

    /// <summary>Once more in the same transaction where what was read has changed before it was locked.</summary>
    public static async ValueTask<(CommandContext Context, Outcome<TResult> Outcome)> Execute<TResult>(
        Command<TResult> command, Func<CommandContext> newContext)
    {
        var context = newContext();
        try
        {
            return (context, await command.Execute(context));
        }
        catch (StoreChangedException fault) when (fault.MayBeginAgain)
        {
            context = newContext();
            return (context, await command.Execute(context));
        }
    }
}
