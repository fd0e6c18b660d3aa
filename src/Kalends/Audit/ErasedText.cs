using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Kalends.Messages.Json;
using Kalends.Storage;

namespace Kalends.Audit;

/// <summary>What an appointment says without what people wrote into it: who, when and where it lies in the calendars stay.</summary>
public static class ErasedText
{
    /// <summary>Members of an appointment that go. A quote inside a text is escaped in JSON, so that none of them is found in another's text.</summary>
    public static readonly IReadOnlyList<string> Members = ["title", "description", "location", "metadata"];

    /// <summary>Lists whose items lose their title.</summary>
    private static readonly string[] Titled = ["links", "attachments"];

    /// <summary>How JSON says whose an appointment is.</summary>
    public static string OwnedBy(CalendarId owner) => $"\"owner\":{System.Text.Encoding.UTF8.GetString(WireJson.Write(owner))}";

    public static byte[] Of(byte[] said)
    {
        var appointment = JsonNode.Parse(said)!.AsObject();
        foreach (var member in Members)
        {
            appointment.Remove(member);
        }

        foreach (var item in Titled.SelectMany(list => appointment[list]?.AsArray() ?? []).OfType<JsonObject>())
        {
            item.Remove("title");
        }

        return System.Text.Encoding.UTF8.GetBytes(appointment.ToJsonString(WireJson.Options));
    }
}

/// <summary>
/// What a command that erases says of it in the trail, where it is sealed: SHA-256 over each side in the order of entries (number, 0 for before and 1 for
/// after, what it said, what is left, each as its SHA-256). So what is left cannot be changed either.
/// </summary>
public sealed class ErasureSum : IDisposable
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public void Add(long seq, bool isAfter, ReadOnlySpan<byte> said, ReadOnlySpan<byte> says)
    {
        Span<byte> place = stackalloc byte[sizeof(long) + 1];
        BinaryPrimitives.WriteInt64BigEndian(place, seq);
        place[sizeof(long)] = isAfter ? (byte)1 : (byte)0;
        hash.AppendData(place);
        hash.AppendData(said);
        hash.AppendData(says);
    }

    public string Close() => Convert.ToHexStringLower(hash.GetHashAndReset());

    public void Dispose() => hash.Dispose();
}
