using Kalends.Bench.Engines;

namespace Kalends.Tests.Recurrence;

public sealed class RecurrenceBenchmarkTests
{
    /// <summary>When this number changes, so did an instant or the input: say which in the commit that changes it.</summary>
    [Fact]
    public void The_benchmark_still_answers_what_it_answered() => Assert.Equal(7156388367193611967UL, RecurrenceBenchmark.Hash());

    [Fact]
    public void Both_engines_do_the_same_work() => Assert.All(RecurrenceBenchmark.Counts(), rule => Assert.Equal((rule.Rule, rule.Ours), (rule.Rule, rule.Theirs)));
}
