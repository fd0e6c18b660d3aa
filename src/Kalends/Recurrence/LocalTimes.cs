namespace Kalends.Recurrence;

/// <summary>
/// The wall times of one rule in order, in seconds (<see cref="CivilDays"/>), as if clocks never changed and without COUNT or UNTIL: what
/// is left of a rule is numbers that rise. Can be begun anywhere for the price of one year.
/// </summary>
internal abstract class LocalTimes(RulePlan plan, StepBudget budget)
{
    /// <summary>After the last.</summary>
    public const long End = long.MaxValue;

    protected RulePlan Plan { get; } = plan;

    protected StepBudget Budget { get; } = budget;

    /// <summary>Nothing later than this is looked for.</summary>
    public long Last { get; set; } = CivilDays.EndSecond - 1;

    public static LocalTimes Of(RulePlan plan, StepBudget budget) =>
        plan.Frequency < Frequency.Daily ? new ClockTimes(plan, budget)
        : plan.Rule.BySetPos.IsEmpty ? new DayTimes(plan, budget)
        : new SelectedTimes(plan, budget);

    /// <summary>The next wall time, or <see cref="End"/>.</summary>
    public abstract long Next();

    /// <summary>Goes to the first wall time at or after this one, forward or back, but (from DAILY on) not to before the start.</summary>
    public abstract void Seek(long time);

    /// <summary>Goes forward to the first wall time at or after this one and says how many were passed over.</summary>
    public virtual long SkipTo(long time)
    {
        long passed = 0;
        var next = Next();
        while (next < time && next <= Last)
        {
            passed++;
            next = Next();
        }

        Seek(Math.Max(time, Plan.Start));
        return passed;
    }
}
