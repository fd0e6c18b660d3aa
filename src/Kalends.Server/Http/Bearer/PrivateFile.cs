using System.Diagnostics;

namespace Kalends.Server.Http.Bearer;

/// <summary>
/// A file that only its user may read, made whole or not at all. Programs that make it at once take turns by a lock beside it, since no
/// portable move is sure not to overwrite; all read the first one's.
/// </summary>
internal static class PrivateFile
{
    private const UnixFileMode ReadAndWrite = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    public static string ReadOrMake(string file, Func<string> make)
    {
        if (File.Exists(file))
        {
            return File.ReadAllText(file);
        }

        MakeFolder(Path.GetDirectoryName(Path.GetFullPath(file))!);
        using var turn = Lock(file + ".lock");
        if (!File.Exists(file))
        {
            var draft = file + ".draft";
            Write(draft, make());
            File.Move(draft, file);
        }

        return File.ReadAllText(file);
    }

    private static FileStream Lock(string file)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return new(file, Options(FileMode.OpenOrCreate));
            }
            catch (IOException) when (waited.Elapsed < LongestWait)
            {
                Thread.Sleep(10);
            }
        }
    }

    private static void Write(string file, string text)
    {
        using var writer = new StreamWriter(file, Options(FileMode.Create));
        writer.Write(text);
    }

    private static FileStreamOptions Options(FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = ReadAndWrite;
        }

        return options;
    }

    private static void MakeFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, ReadAndWrite | UnixFileMode.UserExecute);
        }
    }
}
