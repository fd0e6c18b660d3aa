using System.Globalization;

namespace Kalends.Bench.Load;

/// <summary>What the load driver does, from its arguments.</summary>
public sealed record LoadSettings
{
    /// <summary>How many attendances the store holds before anything is measured.</summary>
    public int Attendances { get; init; } = 1_000_000;

    /// <summary>How often each operation is measured, by HTTP and bare in turns.</summary>
    public int Rounds { get; init; } = 200;

    /// <summary>Requests at once when requests a second are counted.</summary>
    public int Clients { get; init; } = 4;

    public int Seed { get; init; } = 1;

    /// <summary>The store's file; kept and used again when it is there, so that a second run need not fill it.</summary>
    public string? File { get; init; }

    public static LoadSettings Parse(string[] arguments)
    {
        var settings = new LoadSettings();
        for (var index = 0; index + 1 < arguments.Length; index += 2)
        {
            var value = arguments[index + 1];
            settings = arguments[index] switch
            {
                "--attendances" => settings with { Attendances = Number(value) },
                "--rounds" => settings with { Rounds = Number(value) },
                "--clients" => settings with { Clients = Number(value) },
                "--seed" => settings with { Seed = Number(value) },
                "--file" => settings with { File = Path.GetFullPath(value) },
                _ => throw new ArgumentException(
                    $"'{arguments[index]}' is not an option: --attendances N --rounds N --clients N --seed N --file FILE"),
            };
        }

        return settings;
    }

    private static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}
