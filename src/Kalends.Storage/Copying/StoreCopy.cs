using Kalends.Storage.Postgres;

namespace Kalends.Storage.Copying;

/// <summary>A table of a copy: how many rows the source has, and how many of them are in the target already.</summary>
public sealed record CopyPart(string Table, long Rows, long Done);

/// <summary>What both sides hold of one table and tenant. The sums are of what rows mean, whatever a store makes of them.</summary>
public sealed record ComparedPart(string Table, string Tenant, long SourceRows, long TargetRows, UInt128 SourceSum, UInt128 TargetSum)
{
    public bool IsSame => SourceRows == TargetRows && SourceSum == TargetSum;
}

/// <summary>
/// Brings everything of an SQLite store into an empty PostgreSQL, keys and numbers as they are, so that cursors, sync tokens and idempotency keys
/// stay good. In batches, each with a mark that says how far it has come: begun again, it goes on after the last. Nobody can work on the target
/// until both sides were compared. What cannot be done is answered as a sentence.
/// </summary>
public sealed class StoreCopy : IAsyncDisposable
{
    /// <summary>Rows of one transaction: what is done anew after a kill.</summary>
    private const int Batch = 10_000;

    private const string BeginReadingSql = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

    private readonly SqliteOriginal original;
    private readonly PostgresTarget target;
    private readonly Lock counting = new();
    private CopyMark mark;

    private StoreCopy(SqliteOriginal original, PostgresTarget target)
    {
        (this.original, this.target) = (original, target);
        mark = New();
    }

    /// <summary>True where the same copy was completed before: then there is nothing to do but compare.</summary>
    public bool IsComplete { get; private set; }

    public IReadOnlyList<CopyPart> Parts =>
        [.. CopiedTables.All.Select(table => new CopyPart(table.Name, original.Counts[table.Name], mark.Done.GetValueOrDefault(table.Name)))];

    /// <summary>Rows that <see cref="Compare"/> reads, as far as the source knows.</summary>
    public long RowsToCompare => 2 * original.Counts.Values.Sum();

    /// <param name="from">An SQLite file.</param>
    /// <param name="to">A PostgreSQL.</param>
    /// <param name="stopped">Ends it.</param>
    public static async ValueTask<StoreCopy> Open(StoreChoice from, StoreChoice to, CancellationToken stopped)
    {
        var original = new SqliteOriginal(from.File ?? throw new ArgumentException("only an SQLite file is copied", nameof(from)));
        try
        {
            return new(original, await PostgresTarget.Open(to.ConnectionString, stopped));
        }
        catch
        {
            original.Dispose();
            throw;
        }
    }

    /// <summary>Looks at the target, and makes it ready to be copied into, or to go on; the answer is why not.</summary>
    public async ValueTask<string?> Begin(bool startOver, CancellationToken stopped)
    {
        if (!await target.LockAlone(stopped))
        {
            return "Another copy into this database goes on: let it end, or stop it.";
        }

        var (copying, copied) = (await target.Mark(Schema.Copying, stopped), await target.Mark(CopyMark.Copied, stopped));
        if (copying is null && await target.HoldsData(stopped))
        {
            IsComplete = copied is not null && IsOfThis(copied);
            return IsComplete ? null : "The target holds data already, which is not a part of this copy: name a database that is empty.";
        }

        if (copying is not null && !startOver && !IsOfThis(copying))
        {
            return copying.From == original.Name
                ? "The source was written to since this copy began: stop what writes to it, then begin anew with --start-over."
                : "The target holds a part of a copy of another store: name another database, or begin anew with --start-over.";
        }

        if (await target.IsInUse(stopped))
        {
            return "Another process of Kalends is connected to the target: stop it first.";
        }

        await target.Migrate(stopped);
        if (copying is not null && !startOver)
        {
            mark = copying;
            return null;
        }

        await target.Begin(mark = New(), original.Meta, stopped);
        return null;
    }

    /// <summary>Looks whether there is something to compare with; the answer is why not.</summary>
    public async ValueTask<string?> LookOnly(CancellationToken stopped) => await target.IsMigrated(stopped)
        ? null
        : "The target has not been brought up to date: run `kalends migrate` on it, or copy into it.";

    /// <summary>Copies what is missing of a table, telling after each batch how many rows more are there.</summary>
    public async ValueTask Copy(CopyPart part, Action<long> advance, CancellationToken stopped)
    {
        var table = Table(part);
        if (table.Name == "command")
        {
            await target.PrepareMonths(original.Months(), stopped);
        }

        var left = part.Rows - part.Done;
        using var rows = original.Rows(table, part.Done).GetEnumerator();
        while (left > 0)
        {
            var count = (int)Math.Min(left, Batch);
            var next = mark with { Done = new(mark.Done) { [table.Name] = part.Rows - left + count } };
            await target.Write(next, table, rows, count, stopped);
            mark = next;
            left -= count;
            advance(count);
        }
    }

    /// <summary>Reads both sides as a whole; tenants that have nothing in a table on either side are left out.</summary>
    public async ValueTask<IReadOnlyList<ComparedPart>> Compare(Action<long> advance, CancellationToken stopped)
    {
        await target.Run(new Statement(BeginReadingSql), stopped);
        var compared = new List<ComparedPart>();
        foreach (var table in CopiedTables.All)
        {
            var there = Task.Run(() => Sum(original.Rows(table, 0), advance, stopped), stopped);
            var here = Sum(PostgresContent.Read(target.Connection, table, stopped), advance);
            // Neither is left to itself when the other fails.
            var sums = await Task.WhenAll(there, here);
            compared.AddRange(Compared(table, sums[0].Tenants, sums[1].Tenants));
        }

        await target.Run(new Statement("COMMIT"), stopped);
        return compared;
    }

    /// <summary>Opens the target to everybody; the answer is why not.</summary>
    public async ValueTask<string?> Complete(CancellationToken stopped)
    {
        if (original.HasChanged())
        {
            return "The source was written to while it was copied, and what was written last is not in the copy: stop what writes to it, then begin "
                + "anew with --start-over.";
        }

        await target.Complete(mark, stopped);
        await target.Vacuum(stopped);
        return null;
    }

    public async ValueTask DisposeAsync()
    {
        await target.DisposeAsync();
        original.Dispose();
    }

    private CopyMark New() => new(original.Name, original.State, []);

    private bool IsOfThis(CopyMark other) => other.From == original.Name && other.State == original.State;

    private static CopiedTable Table(CopyPart part) => CopiedTables.All.Single(table => table.Name == part.Table);

    private IEnumerable<ComparedPart> Compared(
        CopiedTable table, IReadOnlyDictionary<long, ContentSum> source, IReadOnlyDictionary<long, ContentSum> copy) =>
        from tenant in source.Keys.Union(copy.Keys).Order()
        let left = source.GetValueOrDefault(tenant)
        let right = copy.GetValueOrDefault(tenant)
        select new ComparedPart(table.Name, TenantNames.GetValueOrDefault(tenant, $"({tenant})"), left.Rows, right.Rows, left.Sum, right.Sum);

    private IReadOnlyDictionary<long, string> TenantNames => field ??= original.Tenants();

    private ContentSums Sum(IEnumerable<object?[]> rows, Action<long> advance, CancellationToken stopped)
    {
        var sums = new ContentSums();
        foreach (var row in rows)
        {
            stopped.ThrowIfCancellationRequested();
            Add(sums, row, advance);
        }

        return sums;
    }

    private async Task<ContentSums> Sum(IAsyncEnumerable<object?[]> rows, Action<long> advance)
    {
        var sums = new ContentSums();
        await foreach (var row in rows)
        {
            Add(sums, row, advance);
        }

        return sums;
    }

    /// <summary>Both sides count at once.</summary>
    private void Add(ContentSums sums, object?[] row, Action<long> advance)
    {
        sums.Add(row);
        lock (counting)
        {
            advance(1);
        }
    }
}
