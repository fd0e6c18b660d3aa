using System.Text.RegularExpressions;

namespace Kalends.Tests.Rules;

/// <summary>Rules about the text of the whole tree. An exception to one is a line here with its reason, never a silent one.</summary>
public sealed partial class TidyTests
{
    private const int LongestFile = 500;
    private const int LongestLine = 160;

    /// <summary>Tests and measurements quote requests, which read better whole.</summary>
    private const int LongestTestLine = 190;

    /// <summary>What may stand at the root; anything new there is a decision.</summary>
    private static readonly HashSet<string> RootFiles =
    [
        ".ci", ".editorconfig", ".gitattributes", ".gitignore", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "Directory.Build.props",
        "Directory.Packages.props", "Kalends.slnx", "LICENSE", "README.md", "bench", "deploy", "docs", "global.json", "kalends", "run", "src", "test", "tests",
    ];

    /// <summary>Each banned call with what to use in its place.</summary>
    private static readonly (Regex Call, string Instead)[] Banned =
    [
        (DateTimeType(), "NodaTime's Instant, LocalDateTime or Duration"),
        (AmbientClock(), "the clock that is handed in"),
        (RandomInCore(), "an id or a seed that is handed in"),
        (SleepingThread(), "Task.Delay with the request's cancellation token"),
        (SwallowingCatch(), "a catch of the exception that is meant, and something done about it"),
        (UnfinishedMark(), "an issue, or the work itself"),
        (PragmaDisable(), "a rule in .editorconfig or an attribute, with the reason"),
    ];

    [Fact]
    public void The_root_holds_only_what_is_listed() =>
        Rule.IsKept(SourceTree.Files.Select(file => file.Split('/')[0]).Distinct().Where(name => !RootFiles.Contains(name)));

    [Fact]
    public void No_source_file_is_too_long() => Rule.IsKept(
        SourceFiles().Select(file => (file, Lines: SourceTree.Read(file).Split('\n').Length)).Where(pair => pair.Lines > LongestFile));

    [Fact]
    public void No_line_is_too_long() => Rule.IsKept(
        from file in SourceFiles()
        from line in SourceTree.Read(file).Split('\n').Select((text, index) => (text, index))
        where line.text.Length > (file.StartsWith("src/", StringComparison.Ordinal) ? LongestLine : LongestTestLine)
        select $"{file}:{line.index + 1} has {line.text.Length} characters");

    [Fact]
    public void Banned_calls_are_not_made() => Rule.IsKept(
        from file in SourceTree.Under("src/", ".cs")
        from line in SourceTree.Read(file).Split('\n').Select((text, index) => (text, index))
        from banned in Banned
        where banned.Call.IsMatch(line.text) && !IsAllowed(file, line.text)
        select $"{file}:{line.index + 1}: use {banned.Instead}: {line.text.Trim()}");

    [Fact]
    public void Names_say_what_a_thing_is() => Rule.IsKept(
        SourceTree.Under("src/", ".cs").Where(file => EmptyWord().IsMatch(Path.GetFileNameWithoutExtension(file))));

    [Fact]
    public void Every_source_file_says_what_it_is_for() => Rule.IsKept(
        SourceTree.Under("src/", ".cs").Where(file =>
            !file.EndsWith("Catalogue.cs", StringComparison.Ordinal) && !file.EndsWith("Program.cs", StringComparison.Ordinal)
            && !SourceTree.Read(file).Contains("/// <summary>", StringComparison.Ordinal)));

    [Fact]
    public void Each_package_is_listed_once_and_used() => Rule.IsKept(
        PackageVersion().Matches(SourceTree.Read("Directory.Packages.props")).Select(match => match.Groups[1].Value)
            .Where(package => !SourceTree.Files.Where(file => file.EndsWith(".csproj", StringComparison.Ordinal))
                .Any(file => SourceTree.Read(file).Contains($"\"{package}\"", StringComparison.Ordinal))));

    [Fact]
    public void Each_package_says_why_it_is_here()
    {
        var lines = SourceTree.Read("Directory.Packages.props").Split('\n');
        Rule.IsKept(lines.Where((line, index) =>
            line.Contains("<PackageVersion", StringComparison.Ordinal) && !lines[index - 1].TrimEnd().EndsWith("-->", StringComparison.Ordinal)));
    }

    [Fact]
    public void Links_in_documents_lead_somewhere() => Rule.IsKept(
        from file in SourceTree.Under("", ".md")
        from link in MarkdownLink().Matches(SourceTree.Read(file)).Select(match => match.Groups[1].Value)
        where !link.Contains("://", StringComparison.Ordinal) && !link.StartsWith('#')
        let target = Path.GetFullPath(Path.Combine(SourceTree.Root, Path.GetDirectoryName(file)!, link.Split('#')[0]))
        where !File.Exists(target) && !Directory.Exists(target)
        select $"{file} links to {link}");

    [Fact]
    public void Paths_named_in_documents_exist() => Rule.IsKept(
        from file in SourceTree.Under("", ".md")
        where file != "CHANGELOG.md"
        from path in CodePath().Matches(SourceTree.Read(file)).Select(match => match.Groups[1].Value.TrimEnd('/'))
        where !Path.Exists(Path.Combine(SourceTree.Root, path))
        select $"{file} names {path}");

    private static IEnumerable<string> SourceFiles() =>
        SourceTree.Under("", ".cs").Where(file => !file.Contains("/obj/", StringComparison.Ordinal));

    /// <summary>The edges are where the world's clock comes in, and where the framework speaks its own types.</summary>
    private static bool IsAllowed(string file, string line) =>
        line.TrimStart().StartsWith("//", StringComparison.Ordinal)
        || (file.StartsWith("src/Kalends.Server/", StringComparison.Ordinal)
            && (RandomInCore().IsMatch(line) || AmbientClock().IsMatch(line) || FrameworkTime().IsMatch(line)))
        // The development key is read before there is a host, a request or anything else that could wait.
        || (file.EndsWith("/PrivateFile.cs", StringComparison.Ordinal) && SleepingThread().IsMatch(line));

    [GeneratedRegex(@"\bDateTime(Offset)?\b(?!Zone)")]
    private static partial Regex DateTimeType();

    [GeneratedRegex(@"SystemClock\.Instance|\bDateTime(Offset)?\.(Utc)?Now")]
    private static partial Regex AmbientClock();

    [GeneratedRegex(@"Guid\.NewGuid|Random\.Shared|new Random\(\)")]
    private static partial Regex RandomInCore();

    [GeneratedRegex(@"Thread\.Sleep|\.GetAwaiter\(\)\.GetResult\(\)|\.Result\b;")]
    private static partial Regex SleepingThread();

    [GeneratedRegex(@"catch *(\(Exception[^)]*\))? *\{ *\}")]
    private static partial Regex SwallowingCatch();

    [GeneratedRegex(@"\b(TODO|FIXME|HACK)\b|NotImplementedException")]
    private static partial Regex UnfinishedMark();

    [GeneratedRegex(@"#pragma warning disable|#region")]
    private static partial Regex PragmaDisable();

    [GeneratedRegex(@"ToDateTime|DateTimeOffset|TimeProvider")]
    private static partial Regex FrameworkTime();

    [GeneratedRegex("(Manager|Helper|Util|Utils|Impl|Dto|Common)$")]
    private static partial Regex EmptyWord();

    [GeneratedRegex("PackageVersion Include=\"([^\"]+)\"")]
    private static partial Regex PackageVersion();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex MarkdownLink();

    [GeneratedRegex(@"`((?:src|tests|bench|docs|deploy)/[A-Za-z0-9_./-]+)`")]
    private static partial Regex CodePath();
}
