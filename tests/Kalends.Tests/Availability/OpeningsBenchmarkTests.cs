using Kalends.Bench.Engines;

namespace Kalends.Tests.Availability;

public sealed class OpeningsBenchmarkTests
{
    /// <summary>When this number changes, so did an answer or the input: say which in the commit that changes it.</summary>
    [Fact]
    public void The_benchmark_still_answers_what_it_answered() => Assert.Equal(10025930310372920860UL, OpeningsBenchmark.Hash(full: false));
}
