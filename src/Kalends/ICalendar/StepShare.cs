using Kalends.Messages;
using Kalends.Recurrence;

namespace Kalends.ICalendar;

/// <summary>
/// Asks the recurrence engine about one series of a text, within a share of the text's budget of steps: rules of a file may be made to be slow,
/// and what a text costs to read must not depend on them.
/// </summary>
internal static class StepShare
{
    /// <summary>Every day of a thousand years, or every minute of two.</summary>
    private const int Steps = 1_000_000;

    /// <summary>What is answered within one share; null where it does not reach to tell.</summary>
    public static T? Of<T>(StepBudget whole, Func<StepBudget, T?> ask)
        where T : class
    {
        var share = new StepBudget(Math.Min(Steps, whole.Left));
        try
        {
            return ask(share);
        }
        catch (TooMuchWorkException)
        {
            return null;
        }
        finally
        {
            whole.Spend(share.Steps - share.Left);
        }
    }
}
