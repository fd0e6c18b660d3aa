using Kalends.Server.Http;
using Kalends.Storage;
using Kalends.Time;
using NodaTime.TimeZones;

namespace Kalends.Server.CommandLine;

/// <summary>
/// Which release of the time-zone database the program works with: the one inside it, or a newer one from a file, so that a government's
/// decision needs no new program.
/// </summary>
internal static class ZoneDatabase
{
    public const string FileSetting = "Kalends:TimeZones:File";

    /// <summary>A hundred times what the database needs; a longer file is something else.</summary>
    private const long LongestFile = 16 * 1024 * 1024;

    /// <summary>Puts the file that is set in force, if one is set. Before anything else reads a zone, so for every verb in one place.</summary>
    public static void Choose(IConfiguration configuration)
    {
        if (configuration[FileSetting] is { Length: > 0 } file)
        {
            Zones.Use(Read(file));
        }
    }

    /// <summary>One line where a store's spans were worked out with another release than the program has; null where all is well.</summary>
    public static async ValueTask<string?> Difference(IStore store, CancellationToken stopped) =>
        await store.ZoneRelease(stopped) is var stored && stored != Zones.Release
            ? $"kalends: the store's times were worked out with the time zones of {stored}, this program has {Zones.Release}: run kalends rezone"
            : null;

    private static TzdbDateTimeZoneSource Read(string file)
    {
        using var content = Open(file);
        try
        {
            var source = TzdbDateTimeZoneSource.FromStream(content);
            source.Validate();
            // Zones are read when they are first asked for, and a damaged one must show now and not in the middle of a request.
            foreach (var id in source.GetIds())
            {
                source.ForId(id).GetZoneInterval(NodaTime.NodaConstants.UnixEpoch);
            }

            return source;
        }
        catch (Exception fault)
        {
            // Whatever the reader stumbles over, in a file that is not ours: the fault is the file's.
            throw new SettingsException($"{FileSetting}: {file} is no time-zone database in Noda Time's format (.nzd): {fault.Message}", fault);
        }
    }

    private static MemoryStream Open(string file)
    {
        try
        {
            return new FileInfo(file).Length <= LongestFile
                ? new(File.ReadAllBytes(file))
                : throw new SettingsException($"{FileSetting}: {file} is longer than {LongestFile / 1024 / 1024} MiB, so it is no time-zone database");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"{FileSetting}: {file} cannot be read: {fault.Message}", fault);
        }
    }
}
