namespace Kalends.Storage.Postgres;

/// <summary>One look for what should never be: each row it answers is a sentence about one fault.</summary>
internal readonly record struct Check(string Sql);

/// <summary>Looks through the whole database, on one snapshot, for what contradicts our own invariants between the tables.</summary>
internal static class Soundness
{
    /// <summary>Findings of one kind that are told one by one: a broken store may have a million of them.</summary>
    private const int MostPerCheck = 100;

    private static readonly Check[] Checks = [.. AppointmentChecks.All, .. TrailChecks.All];

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
                yield return $"More of the kind of the last {MostPerCheck} findings may follow; they are not listed.";
            }
        }
    }
}
