using System.Diagnostics;
using Kalends.Appointments;
using Kalends.ICalendar;
using NodaTime;

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
        { "google.ics", 2, 1 },
        { "apple.ics", 2, 1 },
        { "several-calendars.ics", 2, 3 },
        { "damaged.ics", 2, 3 },
        { "bare-cr.ics", 1, 0 },
        { "latin-1.ics", 1, 0 },
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
            TestContext.Current.TestOutputHelper?.WriteLine($"{Path.GetFileName(file)}: {items.OfType<CalendarItem.Read>().Count()} read, "
                + string.Join("; ", items.OfType<CalendarItem.Skipped>().GroupBy(item => item.Reason).Select(group => $"{group.Count()} × {group.Key}")));
            ReadBackTheSame(items);
        }
    }

    private static void ReadBackTheSame(List<CalendarItem> items)
    {
        var written = items.OfType<CalendarItem.Read>().Select(item => item.Appointment).ToList();
        var text = string.Concat(CalendarWriter.Write(written, new("sample", "UTC", Instant.FromUtc(2026, 1, 1, 0, 0))));
        var again = Reading.Items(text).Select(item => Json(Assert.IsType<CalendarItem.Read>(item).Appointment));
        Assert.Equal(written.Select(Json), again);
    }

    private static string Json(Appointment appointment) => System.Text.Encoding.UTF8.GetString(Messages.Json.WireJson.Write(appointment));

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
