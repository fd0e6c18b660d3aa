using Kalends.Server.CommandLine;
using Kalends.Tests.CommandLine;

namespace Kalends.Tests.Copying;

/// <summary>The verb copy and others, in this process.</summary>
internal static class CopyCommand
{
    public static Task<Said> Copy(string file, string database, params string[] more) =>
        Run(["copy", "--from", "sqlite:" + file, "--to", "postgres:" + database, .. more]);

    public static async Task<Said> Run(params string[] arguments)
    {
        using var written = new StringWriter();
        using var complained = new StringWriter();
        var code = await KalendsCommandLine.Run(arguments, new()
        {
            Out = written,
            Error = complained,
            In = () => Stream.Null,
            OutIsTerminal = false,
            ErrorIsTerminal = false,
        });
        return new(code, written.ToString(), complained.ToString());
    }
}
