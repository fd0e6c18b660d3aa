using NodaTime;

namespace Kalends.Server.CommandLine;

/// <summary>
/// The world as a verb sees it: results go to <see cref="Out"/>, messages and progress to <see cref="Error"/>. A test hands in its own.
/// </summary>
public sealed record Surroundings
{
    public TextWriter Out { get; init; } = Console.Out;

    public TextWriter Error { get; init; } = Console.Error;

    /// <summary>Bytes, so that the input's encoding is the reader's to judge.</summary>
    public Func<Stream> In { get; init; } = Console.OpenStandardInput;

    /// <summary>Bars and colours are for people; a log gets a line now and then.</summary>
    public bool ErrorIsTerminal { get; init; } = !Console.IsErrorRedirected;

    public bool OutIsTerminal { get; init; } = !Console.IsOutputRedirected;

    public IClock Clock { get; init; } = SystemClock.Instance;
}

/// <summary>How the program ends, as shells and scripts expect.</summary>
public static class ExitCodes
{
    public const int Done = 0;

    /// <summary>Refused or failed; standard error says why.</summary>
    public const int Failed = 1;

    public const int BadUsage = 2;
}
