using System.Text.RegularExpressions;

namespace Kalends.Tests.Rules;

/// <summary>
/// Dependencies point one way: projects Server → Storage → Kalends; inside Kalends ground ← engines ← Appointments ← the rest, and
/// the rest do not call each other. Read from the source text, so that a wrong using shows before anything is built on it.
/// </summary>
public sealed partial class LayerTests
{
    /// <summary>Each folder of Kalends with its level; folders of one level do not use each other, ground apart.</summary>
    private static readonly Dictionary<string, int> Levels = new(StringComparer.Ordinal)
    {
        ["Time"] = 0, ["Messages"] = 0, ["Storage"] = 0, ["Queue"] = 0, ["Outgoing"] = 0,
        ["Recurrence"] = 1,
        ["Availability"] = 2, ["Rooms"] = 2, ["Permissions"] = 2,
        ["Appointments"] = 3,
        ["Audit"] = 4, ["Calendars"] = 4, ["ICalendar"] = 4, ["Operations"] = 4, ["Reminders"] = 4,
        ["Publications"] = 5,
        ["Schedules"] = 6,
        ["Webhooks"] = 6,
    };

    [Fact]
    public void Every_folder_has_its_level() => Rule.IsKept(Folders().Where(folder => !Levels.ContainsKey(folder)));

    [Fact]
    public void Folders_use_only_what_lies_below_them() => Rule.IsKept(
        from file in SourceTree.Under("src/Kalends/", ".cs")
        let folder = FolderOf(file)
        where folder is not null
        from used in UsedFolder().Matches(SourceTree.Read(file)).Select(match => match.Groups[1].Value)
        where Levels.ContainsKey(used) && used != folder && Levels[used] >= Levels[folder] && Levels[folder] > 0
        select $"{file} uses {used}");

    [Fact]
    public void Ground_uses_only_ground() => Rule.IsKept(
        from file in SourceTree.Under("src/Kalends/", ".cs")
        let folder = FolderOf(file)
        where folder is not null && Levels[folder] == 0
        from used in UsedFolder().Matches(SourceTree.Read(file)).Select(match => match.Groups[1].Value)
        where Levels.GetValueOrDefault(used, 0) > 0
        select $"{file} uses {used}");

    [Fact]
    public void The_calendar_knows_neither_web_nor_database() => Rule.IsKept(
        SourceTree.Under("src/Kalends/", ".cs").Where(file => OutsideWorld().IsMatch(SourceTree.Read(file))));

    [Fact]
    public void The_store_knows_no_web() => Rule.IsKept(
        SourceTree.Under("src/Kalends.Storage/", ".cs").Where(file => SourceTree.Read(file).Contains("Microsoft.AspNetCore", StringComparison.Ordinal)));

    [Fact]
    public void Engines_take_values_and_return_values() => Rule.IsKept(
        SourceTree.Under("src/Kalends/", ".cs")
            .Where(file => IsEngine(file) && ImpureWord().IsMatch(SourceTree.Read(file))));

    private static IEnumerable<string> Folders() =>
        SourceTree.Under("src/Kalends/", ".cs").Select(FolderOf).OfType<string>().Distinct();

    private static string? FolderOf(string file) => file.Split('/') is [_, _, var folder, ..] parts && parts.Length > 3 ? folder : null;

    /// <summary>A file of an engine folder is engine unless it is a message, a port, what loads for them or what stands before a port.</summary>
    private static bool IsEngine(string file) =>
        FolderOf(file) is { } folder && Levels[folder] is 1 or 2 && folder != "Permissions"
        && !MessageWord().IsMatch(SourceTree.Read(file));

    [GeneratedRegex(@"(?<!\.Server\.)(?<!\.Storage\.)\bKalends\.([A-Z][A-Za-z]+)")]
    private static partial Regex UsedFolder();

    [GeneratedRegex(@"Microsoft\.AspNetCore|System\.Net\.Http|Microsoft\.Data|Npgsql|System\.Data\b")]
    private static partial Regex OutsideWorld();

    [GeneratedRegex(@"\basync\b|ValueTask|\bTask<|IClock|ILogger|IStore|TimeProvider")]
    private static partial Regex ImpureWord();

    [GeneratedRegex(@"QueryContext|CommandContext|IReadSession|\bI[A-Za-z]+Rows rows\b|public interface I[A-Z]")]
    private static partial Regex MessageWord();
}
