using System.Collections.Concurrent;

namespace Kalends.Server.Telemetry;

/// <summary>
/// Names of applications as labels: a token may bear any, so those beyond the first <see cref="Most"/> that this process met are one, with those
/// whose name is long.
/// </summary>
internal sealed class AppNames
{
    public const int Most = 50;

    public const int LongestName = 64;

    public const string Other = "other";

    private readonly ConcurrentDictionary<string, byte> known = new(StringComparer.Ordinal);

    /// <param name="app">Null: nobody who is known.</param>
    public string Bounded(string? app)
    {
        if (app is null)
        {
            return "none";
        }

        if (app.Length > LongestName)
        {
            return Other;
        }

        if (known.ContainsKey(app))
        {
            return app;
        }

        lock (known)
        {
            return known.Count < Most && known.TryAdd(app, 0) ? app : known.ContainsKey(app) ? app : Other;
        }
    }
}
