using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Kalends.Recurrence;
using Kalends.Tests.Rules;
using Kalends.Time;
using NodaTime;
using NodaTime.Text;

namespace Kalends.Tests.Recurrence;

/// <summary>712 cases that the tests of twelve projects state. What nobody disputes must hold; what somebody does has a reading in docs/recurrence.md.</summary>
public sealed class CorpusTests(ITestOutputHelper output)
{
    private static readonly LocalDateTimePattern TimeText = LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm:ss");

    [Fact]
    public void What_nobody_disputes_holds()
    {
        var cases = CorpusCase.All().Where(of => !of.IsDisputed).ToList();
        output.WriteLine($"{cases.Count} undisputed");
        Assert.Equal(519, cases.Count);
        Rule.IsKept(from of in cases where !IsAsStated(of) select $"{of.Id}: {of.Rule} answered {Short(ExpandCase.Answer(of.Line))}");
    }

    [Fact]
    public void Instants_are_as_stated_where_offsets_are() => Assert.All(
        CorpusCase.All().Where(of => of.Times("expectedUtc").Count > 0 && !of.IsDisputed),
        of => Assert.Equal(of.Times("expectedUtc"), Instants(of)));

    [Collection(nameof(Alone))]
    public sealed class Time
    {
        [Fact]
        public void No_case_takes_50_milliseconds()
        {
            var cases = CorpusCase.All().ToList();
            cases.ForEach(of => ExpandCase.Answer(of.Line));
            Rule.IsKept(
                from of in cases
                where Enumerable.Range(0, 3).Min(_ => Taken(of.Line)) > TimeSpan.FromMilliseconds(50)
                select $"{of.Id}: {of.Rule}");
        }

        private static TimeSpan Taken(string line)
        {
            var began = Stopwatch.GetTimestamp();
            ExpandCase.Answer(line);
            return Stopwatch.GetElapsedTime(began);
        }
    }

    /// <summary>The table says for each kind how many cases are answered as their source has them and how many otherwise.</summary>
    [Fact]
    public void Each_disputed_kind_has_its_reading_in_the_docs()
    {
        var counted = CorpusCase.All().Where(of => of.IsDisputed).GroupBy(of => of.Kind())
            .ToDictionary(kind => kind.Key, kind => (Same: kind.Count(IsAsStated), Other: kind.Count(of => !IsAsStated(of))));
        foreach (var (kind, (same, other)) in counted.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            output.WriteLine($"{kind,-28} {same,4} {other,4}");
        }

        output.WriteLine($"{counted.Values.Sum(kind => kind.Same)} as the source, {counted.Values.Sum(kind => kind.Other)} otherwise");
        var written = Regex.Matches(SourceTree.Read("docs/recurrence.md"), @"^\| `([a-z0-9-]+)` \| (\d+) \| (\d+) \|", RegexOptions.Multiline)
            .ToDictionary(row => row.Groups[1].Value, row => (Number(row.Groups[2]), Number(row.Groups[3])));
        Assert.Equal(counted.OrderBy(pair => pair.Key, StringComparer.Ordinal), written.OrderBy(pair => pair.Key, StringComparer.Ordinal));
    }

    private static bool IsAsStated(CorpusCase of)
    {
        var answer = JsonDocument.Parse(ExpandCase.Answer(of.Line)).RootElement;
        return answer.TryGetProperty("error", out var error)
            ? of.IsInvalid && !error.GetString()!.StartsWith("limit", StringComparison.Ordinal)
            : !of.IsInvalid && CorpusCase.Times(answer, "occurrences").SequenceEqual(of.Times("expected"));
    }

    private static List<string> Instants(CorpusCase of)
    {
        Assert.True(RecurrenceRule.TryParse(of.Rule, RuleReading.Strict, out var rule, out var fault), fault?.ToString());
        var expansion = new Expansion(new() { Start = TimeText.Parse(of.Text("dtstart")!).Value, Zone = Zones.Get(of.Text("tzid")!), Rules = [rule] });
        return Series.ListOf(expansion.All(), of.Times("expected").Count).ConvertAll(InstantPattern.General.Format);
    }

    private static int Number(Group group) => int.Parse(group.Value, CultureInfo.InvariantCulture);

    private static string Short(string text) => text.Length < 200 ? text : text[..200];
}
