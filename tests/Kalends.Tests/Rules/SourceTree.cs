using System.Diagnostics;

namespace Kalends.Tests.Rules;

/// <summary>The project's own files, as git lists them, so that what is built or left lying about does not count.</summary>
internal static class SourceTree
{
    public static readonly string Root = FindRoot();

    /// <summary>Paths relative to the root, with forward slashes: what git tracks, and what it would track once added.</summary>
    public static readonly IReadOnlyList<string> Files = ListFiles();

    public static IEnumerable<string> Under(string folder, string ending) =>
        Files.Where(file => file.StartsWith(folder, StringComparison.Ordinal) && file.EndsWith(ending, StringComparison.Ordinal));

    public static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Kalends.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("Kalends.slnx is not above the tests");
    }

    private static IReadOnlyList<string> ListFiles()
    {
        using var git = Process.Start(new ProcessStartInfo("git", ["ls-files", "--cached", "--others", "--exclude-standard"])
        {
            WorkingDirectory = Root,
            RedirectStandardOutput = true,
        })!;
        var output = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(file => File.Exists(Path.Combine(Root, file)))];
    }
}
