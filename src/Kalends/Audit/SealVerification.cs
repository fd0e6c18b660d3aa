using System.Globalization;
using System.Runtime.CompilerServices;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Audit;

/// <summary>
/// Follows a tenant's chain from its first seal: each hash must follow from the one before it, and each entry be there as it was sealed. What a chain alone
/// cannot show is that its end was cut off: for that somebody keeps the number and hash of a seal elsewhere, and has them compared. Of what was dropped
/// by policy only how many entries they were is compared, with how many the seals cover there.
/// </summary>
/// <param name="session">Reads one moment.</param>
public sealed class SealVerification(IReadSession session)
{
    /// <summary>At first, and at most where they are small: a quiet server makes a seal of each command.</summary>
    private const int FewSeals = 16, ManySeals = 1_000;

    private const int EntriesPerRead = 10_000;

    /// <summary>Told one by one, as of other kinds of findings.</summary>
    private const int Most = 100;

    private readonly ISealRows rows = session.Rows<ISealRows>();

    private readonly IRetentionRows retention = session.Rows<IRetentionRows>();

    private long present;
    private long presentBelow;
    private long below;
    private long sealedDropped;

    private DroppedTrail dropped = new(0, default, 0, 0);

    /// <summary>After <see cref="Findings"/>, like the rest.</summary>
    public Seal? Last { get; private set; }

    /// <summary>Those that were dropped since are among them.</summary>
    public long SealedEntries { get; private set; }

    /// <summary>Null where nothing was.</summary>
    public DroppedTrail? Dropped { get; private set; }

    public long Unsealed { get; private set; }

    /// <summary>When the oldest entry was made that is not sealed yet.</summary>
    public Instant? UnsealedSince { get; private set; }

    /// <param name="kept">Seals that somebody kept, as <see cref="Seal.ToString"/> says them.</param>
    /// <param name="stopped">Ends it.</param>
    public async IAsyncEnumerable<string> Findings(IReadOnlyCollection<string> kept, [EnumeratorCancellation] CancellationToken stopped = default)
    {
        below = (await rows.Last())?.Whole ?? 0;
        Dropped = await retention.Dropped();
        dropped = Dropped ?? dropped;
        var (said, missed) = (0, kept.ToHashSet(StringComparer.OrdinalIgnoreCase));
        await foreach (var finding in Follow(missed, stopped))
        {
            if (++said <= Most)
            {
                yield return finding;
            }
        }

        if (said > Most)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{said - Most:N0} more findings about seals and what they cover are not listed.");
        }

        foreach (var gone in missed)
        {
            yield return $"the chain does not have the seal that was kept: {gone}";
        }

        foreach (var finding in await OfDropped())
        {
            yield return finding;
        }

        var back = Dropped is null ? 0 : await rows.Count(dropped.Seq);
        var strays = await rows.Count(below) - presentBelow - back;
        foreach (var seq in strays > 0 ? await Strays() : [])
        {
            yield return $"trail entry {seq} lies among those that are sealed, and no seal covers it";
        }

        foreach (var finding in await ErasureVerification.Run(session))
        {
            yield return finding;
        }

        Unsealed = await rows.Count(long.MaxValue) - present - strays - back;
        UnsealedSince = (await rows.Entries(below, long.MaxValue, await rows.CoveredBeyond(below), 1)) is [{ At: { } at }]
            ? Instant.FromUnixTimeSeconds(at)
            : null;
    }

    private async IAsyncEnumerable<string> Follow(HashSet<string> missed, [EnumeratorCancellation] CancellationToken stopped)
    {
        var limit = FewSeals;
        while (await rows.Page(Last?.Number ?? 0, limit) is { Count: > 0 } page)
        {
            stopped.ThrowIfCancellationRequested();
            foreach (var seal in page)
            {
                missed.Remove(seal.ToString());
                foreach (var finding in Link(seal))
                {
                    yield return finding;
                }

                (Last, SealedEntries) = (seal, SealedEntries + seal.Entries);
            }

            foreach (var finding in await Compare(page))
            {
                yield return finding;
            }

            limit = (int)Math.Clamp(FewSeals * Sealing.PerSeal / Math.Max(1, page.Max(seal => seal.Entries)), FewSeals, ManySeals);
        }
    }

    private IEnumerable<string> Link(Seal seal)
    {
        var next = (Last?.Number ?? 0) + 1;
        if (seal.Number != next)
        {
            yield return next == seal.Number - 1 ? $"seal {next} is missing" : $"seals {next} to {seal.Number - 1} are missing";
        }
        else if (!seal.HashAfter(Last?.Hash).AsSpan().SequenceEqual(seal.Hash))
        {
            yield return $"seal {seal.Number} does not follow from the one before it: one of them was changed";
        }

        if (!seal.IsWhole)
        {
            yield return $"seal {seal.Number} has other digests than it was made of";
        }

        if (seal.Digests is null && seal.Number > dropped.Seals)
        {
            yield return $"seal {seal.Number} has no digests, and not all that it covers was dropped";
        }
    }

    private async ValueTask<List<string>> Compare(IReadOnlyList<Seal> seals)
    {
        var wanted = new Dictionary<long, (Seal Seal, ReadOnlyMemory<byte> Digest)>();
        foreach (var seal in seals)
        {
            sealedDropped += seal.Number <= dropped.Seals ? seal.Entries : 0;
            foreach (var (seq, digest) in seal.Covered())
            {
                if (seq > dropped.Seq)
                {
                    wanted[seq] = (seal, digest);
                }
                else if (seal.Number > dropped.Seals)
                {
                    sealedDropped++;
                }
            }
        }

        var findings = new List<string>();
        if (wanted.Count == 0)
        {
            return findings;
        }

        var (after, until) = (wanted.Keys.Min() - 1, wanted.Keys.Max());
        while (await rows.Entries(after, until, new HashSet<long>(), EntriesPerRead) is { Count: > 0 } page)
        {
            foreach (var entry in page.Where(entry => wanted.ContainsKey(entry.Seq)))
            {
                (present, presentBelow) = (present + 1, presentBelow + (entry.Seq <= below ? 1 : 0));
                wanted.Remove(entry.Seq, out var was);
                if (!entry.Digest().AsSpan().SequenceEqual(was.Digest.Span))
                {
                    findings.Add($"trail entry {entry.Seq} is not what seal {was.Seal.Number} was made of");
                }
            }

            after = page[^1].Seq;
        }

        findings.AddRange(wanted.OrderBy(pair => pair.Key).Select(pair => $"trail entry {pair.Key}, which seal {pair.Value.Seal.Number} covers, is gone"));
        return findings;
    }

    /// <summary>What somebody did to hide behind it.</summary>
    private async ValueTask<IReadOnlyList<string>> OfDropped()
    {
        if (Dropped is null)
        {
            return [];
        }

        var findings = (await rows.Entries(long.MinValue, dropped.Seq, new HashSet<long>(), Most))
            .Select(entry => $"trail entry {entry.Seq} is there, though all up to {dropped.Seq} were dropped").ToList();
        if (dropped.Seq > below)
        {
            findings.Add($"the trail is said to be dropped up to {dropped.Seq}, and is sealed up to {below}");
        }

        if (sealedDropped != dropped.Entries)
        {
            findings.Add($"seals cover {sealedDropped} of the trail entries up to {dropped.Seq}, and {dropped.Entries} are said to be dropped");
        }

        return findings;
    }

    /// <summary>Who they are is looked for only where there are any: it takes room for the numbers of all that is covered.</summary>
    private async ValueTask<IReadOnlyList<long>> Strays()
    {
        var (covered, after) = (new HashSet<long>(), 0L);
        while (await rows.Page(after, FewSeals) is { Count: > 0 } page)
        {
            covered.UnionWith(page.SelectMany(seal => seal.Covered()).Select(entry => entry.Seq));
            after = page[^1].Number;
        }

        return [.. (await rows.Entries(Dropped?.Seq ?? long.MinValue, below, covered, Most)).Select(entry => entry.Seq)];
    }
}
