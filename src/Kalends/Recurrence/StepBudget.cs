namespace Kalends.Recurrence;

/// <summary>
/// How much work one reading of a series may cost. A step is a year laid out, a period looked at, an occurrence made or passed over:
/// some nanoseconds each. Short texts can ask for anything (every second until 9999, a rule minus itself), so what is counted is the
/// work and not the answers.
/// </summary>
public sealed class StepBudget(int steps = StepBudget.Default)
{
    /// <summary>A day of seconds forty times over, or all days to the year 9999; under a tenth of a second.</summary>
    public const int Default = 4_000_000;

    private int left = steps;

    public int Steps { get; } = steps;

    public bool IsSpent => left < 0;

    /// <summary>What is left for others, where several readings are to cost no more than one budget.</summary>
    public int Left => Math.Max(left, 0);

    /// <summary>What is said when it is spent.</summary>
    public RuleFault Fault => new("RRULE", $"takes more than {Steps} steps to work out: ask for a shorter time, or write a rule that comes less often");

    /// <summary>False once the budget is spent.</summary>
    internal bool Spend() => --left >= 0 || Stay();

    internal bool Spend(int steps) => (left -= Math.Min(steps, left + 1)) >= 0 || Stay();

    /// <summary>Below zero for good, and never so far that it comes round.</summary>
    private bool Stay()
    {
        left = -1;
        return false;
    }
}
