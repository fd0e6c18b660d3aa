using BenchmarkDotNet.Attributes;
using Kalends.Availability;

namespace Kalends.Bench.Engines;

/// <summary>How long it takes to find a time, from timelines in memory to the answer.</summary>
[MemoryDiagnoser]
public class OpeningsBenchmark
{
    private readonly OpeningsInput input = new(full: true);

    [Benchmark]
    public int BuildTimelinesOf50() => input.BuildTimelines().Length;

    [Benchmark(Baseline = true)]
    public int Busy50FourWeeks() => Openings.Find(input.Busy).Count;

    [Benchmark]
    public int Busy50FourWeeksOpenHoursIgnored() => Openings.Find(input.Busy with { WithinOpenHours = false }).Count;

    [Benchmark]
    public int Quiet50FourWeeks() => Openings.Find(input.Quiet).Count;

    [Benchmark]
    public int Busy500FourWeeks() => Openings.Find(input.Company).Count;

    [Benchmark]
    public int QuorumsFourWeeks() => Openings.Find(input.Quorums).Count;

    [Benchmark]
    public int NearMissesOf50FourWeeks() => NearMisses.Find(input.Busy, 10).Count;

    [Benchmark]
    public int Busy500FiveYears() => Openings.Find(input.Years with { Duration = 1800 }).Count;

    [Benchmark]
    public int Busy500FiveYearsEachMinute1000() => Openings.Find(EachMinute(input.Years)).Count;

    /// <summary>The same work once, as a number that changes when the meaning of an answer does.</summary>
    public static ulong Hash(bool full)
    {
        var input = new OpeningsInput(full);
        var hash = new AnswerHash();
        foreach (var timeline in input.BuildTimelines())
        {
            hash.Add(timeline);
        }

        foreach (var request in (OpeningsRequest[])[input.Busy, input.Quiet, input.Company, input.Quorums, EachMinute(input.Years)])
        {
            hash.Add(Openings.Find(request));
            hash.Add(Openings.Find(request with { WithinOpenHours = false, Duration = 1800, BufferBefore = 600, TentativeIsFree = true }));
        }

        hash.Add(NearMisses.Find(input.Busy, 10));
        return hash.Value;
    }

    private static OpeningsRequest EachMinute(OpeningsRequest request) =>
        request with { WithinOpenHours = false, Step = 60, Duration = 1800, Limit = 1000 };
}
