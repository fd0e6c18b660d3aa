using System.Diagnostics;
using Kalends.ICalendar;

namespace Kalends.Tests.ICalendar;

/// <summary>
/// Whole files: our own samples in Samples/, shaped like what Outlook, Google, Apple and damaged exports produce, and where it is there the
/// outside collection beside the repository (shared/corpora/ics).
/// </summary>
public sealed class CalendarCorpusTests
{
    private static readonly string Root = FindRoot();

    public static TheoryData<string, int, int> Samples => new()
    {
        { "outlook.ics", 2, 0 },
        { "google.ics", 3, 0 },
        { "apple.ics", 2, 1 },
        { "several-calendars.ics", 2, 3 },
        { "damaged.ics", 2, 3 },
        { "bare-cr.ics", 1, 0 },
        { "latin-1.ics", 1, 0 },
        { "google-series.ics", 6, 0 },
        { "outlook-series.ics", 4, 0 },
        { "apple-series.ics", 3, 0 },
        { "range.ics", 4, 0 },
        { "periods.ics", 3, 0 },
        { "orphan.ics", 3, 0 },
        { "until-forms.ics", 7, 2 },
        { "several-rules.ics", 2, 1 },
    };

    [Theory]
    [MemberData(nameof(Samples))]
    public void A_sample_reads_as_expected(string name, int read, int skipped)
    {
        var items = ItemsOf(Path.Combine(Root, "tests", "Kalends.Tests", "ICalendar", "Samples", name));
        var reasons = items.OfType<CalendarItem.Skipped>().Select(item => $"{item.Uid}: {item.Reason}").ToList();
        Assert.True(items.Count - reasons.Count == read && reasons.Count == skipped, $"{items.Count - reasons.Count} read; {string.Join("; ", reasons)}");
        ReadBackTheSame(items);
    }

    [Fact]
    public void Every_file_of_the_outside_collection_reads_in_time_and_back_again()
    {
        var folder = Path.Combine(Root, "..", "shared", "corpora", "ics");
        Assert.SkipUnless(Directory.Exists(folder), $"the outside collection is not there: {folder}");
        foreach (var file in Directory.EnumerateFiles(folder).Where(file => !file.EndsWith(".jsonl", StringComparison.Ordinal)))
        {
            var began = Stopwatch.StartNew();
            var items = ItemsOf(file);
            Assert.True(began.Elapsed < TimeSpan.FromSeconds(5), $"{file}: {began.Elapsed}");
            Assert.True(items.Count > 0 || !File.ReadAllText(file).Contains("BEGIN:VEVENT", StringComparison.OrdinalIgnoreCase), file);
            Assert.All(items.OfType<CalendarItem.Skipped>(), item => Assert.False(string.IsNullOrWhiteSpace(item.Reason)));
            var skipped = items.OfType<CalendarItem.Skipped>().Concat(SeriesGrouping.Group(items.OfType<CalendarItem.Read>(), "UTC").Skipped);
            TestContext.Current.TestOutputHelper?.WriteLine($"{Path.GetFileName(file)}: {items.OfType<CalendarItem.Read>().Count()} read, "
                + string.Join("; ", skipped.GroupBy(item => item.Reason).Select(group => $"{group.Count()} × {group.Key}")));
            ReadBackTheSame(items);
        }
    }

    /// <summary>What comes of the series of the samples, one line each.</summary>
    [Theory]
    [InlineData("google-series.ics", "team@google.example 2026-11-02 FREQ=WEEKLY;UNTIL=20270131T225959Z;BYDAY=MO -2 +0 ~2", "xmas@google.example 2026-12-25 FREQ=YEARLY -0 +0 ~1")]
    [InlineData(
        "outlook-series.ics", "040000008200E00074C5B7101A82E0080000000030 2026-11-03 FREQ=WEEKLY;INTERVAL=2;UNTIL=20270601T070000Z;BYDAY=TU -3 +0 ~1",
        "040000008200E00074C5B7101A82E0080000000040 2026-12-24 FREQ=DAILY;UNTIL=20261231 -1 +0 ~1")]
    [InlineData("apple-series.ics", "A2 2026-02-14 FREQ=YEARLY -2 +0 ~0", "A1 2026-01-07 FREQ=WEEKLY;COUNT=30;BYDAY=WE -4 +0 ~1")]
    [InlineData(
        "range.ics", "R1 2026-03-02 FREQ=WEEKLY;COUNT=9;BYDAY=MO -1 +0 ~1", "R1/20260504T140000Z 2026-05-05 FREQ=WEEKLY;COUNT=11;BYDAY=TU -1 +0 ~1")]
    [InlineData("periods.ics", "P1 2026-06-01  -0 +6 ~2", "P2 2026-06-01  -0 +2 ~0")]
    [InlineData("several-rules.ics", "M1 2026-01-05 FREQ=WEEKLY;COUNT=10;BYDAY=MO -0 +1 ~0")]
    [InlineData("orphan.ics")]
    public void The_series_of_a_sample_are_these(string name, params string[] series)
    {
        var items = ItemsOf(Path.Combine(Root, "tests", "Kalends.Tests", "ICalendar", "Samples", name));
        var grouped = SeriesGrouping.Group(items.OfType<CalendarItem.Read>(), "UTC");
        Assert.Equal(series, grouped.Series.Select(each =>
            $"{each.Master.Uid} {each.Master.Start:uuuu-MM-dd} {each.Master.Recurrence!.Rule} -{each.Master.Recurrence.Excluded?.Count ?? 0}"
            + $" +{each.Master.Recurrence.Added?.Count ?? 0} ~{each.Overrides.Count}"));
        Assert.Empty(grouped.Skipped);
    }

    private static void ReadBackTheSame(List<CalendarItem> items)
    {
        var grouped = SeriesGrouping.Group(items.OfType<CalendarItem.Read>(), "UTC");
        var again = Reading.Items(Reading.Written(grouped));
        Assert.All(again, item => Assert.IsType<CalendarItem.Read>(item));
        var regrouped = SeriesGrouping.Group(again.OfType<CalendarItem.Read>(), "UTC");
        Assert.Empty(regrouped.Skipped);
        Assert.Equal(Reading.Told(grouped), Reading.Told(regrouped));
    }

    private static List<CalendarItem> ItemsOf(string file) =>
        [.. CalendarReader.Read(CalendarText.Decode(File.ReadAllBytes(file)), CalendarReading.Usual)];

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Kalends.slnx")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException("the tests run outside the repository");
    }
}
