using System.Text.Json;
using Kalends.Storage;

namespace Kalends.Audit;

/// <summary>What is left where the trail was erased must be what the command that erased it left; that command is in the trail, and sealed with it.</summary>
public static class ErasureVerification
{
    private const int PerRead = 1_000;

    public static async ValueTask<IReadOnlyList<string>> Run(IReadSession session)
    {
        var rows = session.Rows<IErasureRows>();
        var sums = new Dictionary<Guid, ErasureSum>();
        var (seq, side) = (long.MinValue, false);
        while (await rows.Erased(seq, side, PerRead) is { Count: > 0 } page)
        {
            foreach (var erased in page)
            {
                if (!sums.TryGetValue(erased.Command, out var sum))
                {
                    sums[erased.Command] = sum = new();
                }

                sum.Add(erased.Seq, erased.IsAfter, erased.Said, erased.Says);
            }

            (seq, side) = (page[^1].Seq, page[^1].IsAfter);
        }

        var findings = new List<string>();
        foreach (var (command, sum) in sums)
        {
            if (await rows.Data(command) is not { } data || Digest(data) != sum.Close())
            {
                findings.Add($"what command {command} left of the trail entries it erased is not what is there");
            }

            sum.Dispose();
        }

        return findings;
    }

    private static string? Digest(byte[] data)
    {
        using var document = JsonDocument.Parse(data);
        return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("digest", out var digest)
            && digest.ValueKind == JsonValueKind.String
            ? digest.GetString()
            : null;
    }
}
