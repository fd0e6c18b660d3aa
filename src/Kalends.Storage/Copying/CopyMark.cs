using System.Text.Json;

namespace Kalends.Storage.Copying;

/// <summary>
/// How far a copy has come, kept in the target's table meta and written with each batch, so that it says what is there and nothing else.
/// </summary>
/// <param name="From">Which store is copied.</param>
/// <param name="State">What had been written to it.</param>
/// <param name="Done">Of each table that was begun, how many rows are there.</param>
internal sealed record CopyMark(string From, string State, Dictionary<string, long> Done)
{
    /// <summary>In meta of a store that a copy was brought into and completed.</summary>
    public const string Copied = "copied";

    public static CopyMark Read(string json) => JsonSerializer.Deserialize<CopyMark>(json)!;

    public string Write() => JsonSerializer.Serialize(this);
}
