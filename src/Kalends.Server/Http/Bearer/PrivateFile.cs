namespace Kalends.Server.Http.Bearer;

/// <summary>A file that only its user may read, made whole or not at all: of two programs that make it at once, both read the first one's.</summary>
internal static class PrivateFile
{
    public static string ReadOrMake(string file, Func<string> make)
    {
        if (File.Exists(file))
        {
            return File.ReadAllText(file);
        }

        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        var draft = Path.Combine(folder, $".{Path.GetFileName(file)}.{Guid.NewGuid():N}");
        Write(draft, make());
        try
        {
            // On Unix a move that may not overwrite links first, so only one of several can win.
            File.Move(draft, file, overwrite: false);
        }
        catch (IOException) when (File.Exists(file))
        {
            File.Delete(draft);
        }

        return File.ReadAllText(file);
    }

    private static void Write(string file, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var writer = new StreamWriter(file, options);
        writer.Write(text);
    }
}
