using System.Security.Cryptography;

namespace Kalends.Storage.Postgres;

/// <summary>One look for what should never be: each row it answers is a sentence about one fault.</summary>
internal readonly record struct Check(string Sql);

/// <summary>Looks through the whole database, on one snapshot, for what contradicts our own invariants between the tables.</summary>
internal static class Soundness
{
    /// <summary>Findings of one kind that are told one by one: a broken store may have a million of them.</summary>
    private const int MostPerCheck = 100;

    private const string More = "More of the kind of the last findings may follow; they are not listed.";

    // Bodies are packed here, so they are compared here.
    private const string BodiesSql = $"""
        SELECT t.name, p.id, p.start_at, p.end_at, p.series, p.body, e.after, r.said FROM appointment p JOIN tenant t ON t.key = p.tenant
        LEFT JOIN LATERAL (SELECT seq, after FROM trail x WHERE x.tenant = p.tenant AND x.appointment = p.id ORDER BY x.seq DESC LIMIT 1) e ON true
        LEFT JOIN trail_erasure r ON r.tenant = p.tenant AND r.seq = e.seq AND r.is_after
        WHERE (p.series IS NULL OR p.detached) AND NOT (e.seq IS NULL AND {TrailChecks.StoryMayBeDropped})
        """;

    private static readonly Check[] Checks = [.. AppointmentChecks.All, .. TrailChecks.All, .. QueueChecks.All];

    public static async IAsyncEnumerable<string> Findings(
        Wire wire, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stopped)
    {
        foreach (var check in Checks)
        {
            var findings = new List<string>();
            await wire.Run(new Statement($"{check.Sql} LIMIT {MostPerCheck}").Reading(row => findings.Add(row.Text(0))), stopped);
            foreach (var finding in findings)
            {
                yield return finding;
            }

            if (findings.Count == MostPerCheck)
            {
                yield return More;
            }
        }

        var bodies = new List<string>();
        await wire.Run(new Statement(BodiesSql).Reading(row => Compare(row, bodies)), stopped);
        foreach (var finding in bodies.Count > MostPerCheck ? bodies.Take(MostPerCheck).Append(More) : bodies)
        {
            yield return finding;
        }
    }

    private static void Compare(Row row, List<string> findings)
    {
        if (findings.Count <= MostPerCheck && !Says(row))
        {
            findings.Add($"Tenant {row.Text(0)}: the trail ends with something else than the appointment itself: {row.Guid(1)}");
        }
    }

    /// <summary>What is packed in it is what the trail last said, to the letter, or by its hash where the trail was erased.</summary>
    private static bool Says(Row row)
    {
        try
        {
            if (row.IsNull(5) || row.IsNull(6))
            {
                return false;
            }

            var body = Bodies.Unpack(row.Bytes(5), new(row.Guid(1), row.Time(2), row.Time(3), row.GuidOrNull(4)));
            return row.IsNull(7) ? body.AsSpan().SequenceEqual(row.Bytes(6)) : SHA256.HashData(body).AsSpan().SequenceEqual(row.Bytes(7));
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }
}
