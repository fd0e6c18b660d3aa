using Kalends.Messages;

namespace Kalends.Server.Http;

/// <summary>
/// Every limit of the HTTP edge, on by default; <see cref="InForce"/> says why each is what it is. Those of a single capability stand
/// with that capability, in its catalogue entries.
/// </summary>
public sealed record LimitSettings
{
    /// <summary>Of a JSON body, as sent and as inflated.</summary>
    public int BodyBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>Of all bodies that are held in memory at one time.</summary>
    public long BodyBytesAtOnce { get; init; } = 256 * 1024 * 1024;

    /// <summary>For a whole body to arrive.</summary>
    public int BodySeconds { get; init; } = 120;

    /// <summary>A body or answer that moves more slowly than this for <see cref="SlowSeconds"/> is cut.</summary>
    public int SlowBytesPerSecond { get; init; } = 1_000;

    public int SlowSeconds { get; init; } = 5;

    public int HeaderBytes { get; init; } = 32 * 1024;

    /// <summary>Of the request line, so of an address with all its parameters.</summary>
    public int AddressBytes { get; init; } = 16 * 1024;

    /// <summary>For the headers of one request to arrive.</summary>
    public int HeaderSeconds { get; init; } = 10;

    /// <summary>For which a connection may stay open with nothing asked.</summary>
    public int IdleSeconds { get; init; } = 120;

    public int Connections { get; init; } = 10_000;

    /// <summary>For a message to run, from the moment its body is here.</summary>
    public int RequestSeconds { get; init; } = 30;

    public int RequestsAtOnce { get; init; } = 1_000;

    public int RequestsWaiting { get; init; } = 2_000;

    /// <summary>Requests that one person may make at once after a pause.</summary>
    public int RateBurst { get; init; } = 20_000;

    /// <summary>Requests that one person may go on making.</summary>
    public int RatePerSecond { get; init; } = 10_000;

    /// <summary>Live feeds that one person may have open.</summary>
    public int ListenersPerPerson { get; init; } = 20;

    /// <summary>Live feeds that are open at one time.</summary>
    public int Listeners { get; init; } = 5_000;

    /// <summary>For requests under way to finish once the process is told to stop.</summary>
    public int ShutdownSeconds { get; init; } = 10;

    public IReadOnlyList<Limit> InForce() =>
    [
        new(nameof(BodyBytes), BodyBytes, "bytes", "5,000 appointments of ordinary length, the most one call takes, are about 4 MB."),
        new(
            nameof(BodyBytesAtOnce), BodyBytesAtOnce, "bytes",
            "Bodies wait in memory until they run; many large ones must not exhaust it."),
        new(
            nameof(BodySeconds), BodySeconds, "seconds",
            "The largest body needs this long on a line of 0.6 Mbit/s; whoever is slower holds memory for nothing."),
        new(nameof(SlowBytesPerSecond), SlowBytesPerSecond, "bytes per second", "Slower than any line in use: a sender or reader that stalls on purpose."),
        new(nameof(SlowSeconds), SlowSeconds, "seconds", "How long a line may stall before it counts as slow."),
        new(nameof(HeaderBytes), HeaderBytes, "bytes", "A token of 8 KB, a long address and a proxy's additions fit."),
        new(nameof(AddressBytes), AddressBytes, "bytes", "A few hundred attendees as parameters fit; more are asked by POST."),
        new(nameof(HeaderSeconds), HeaderSeconds, "seconds", "Headers come in one packet or two; who drips them occupies a connection."),
        new(nameof(IdleSeconds), IdleSeconds, "seconds", "Longer than the pause between two clicks, shorter than an abandoned page."),
        new(nameof(Connections), Connections, "connections", "An idle connection costs some 10 KB; this many are 100 MB."),
        new(nameof(RequestSeconds), RequestSeconds, "seconds", "A query that takes longer than a proxy waits answers nobody."),
        new(nameof(RequestsAtOnce), RequestsAtOnce, "requests", "Beyond this, more at once only makes each slower."),
        new(
            nameof(RequestsWaiting), RequestsWaiting, "requests",
            "A queue longer than a second or two of work serves people who have left."),
        new(
            nameof(RateBurst), RateBurst, "requests per person",
            "An import of a whole team's year by one service passes; a loop gone wild does not."),
        new(
            nameof(RatePerSecond), RatePerSecond, "requests per second and person",
            "What one service may take of a process that others share."),
        new(nameof(ListenersPerPerson), ListenersPerPerson, "live feeds per person", "A few windows on each of a few devices; one feed takes 500 calendars."),
        new(nameof(Listeners), Listeners, "live feeds", "Each is told and judged by itself, and holds a connection of those there are."),
        new(
            nameof(ShutdownSeconds), ShutdownSeconds, "seconds",
            "Longer than nearly every request, shorter than what a supervisor waits before it kills."),
    ];
}
