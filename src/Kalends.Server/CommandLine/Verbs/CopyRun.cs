using System.Diagnostics;
using System.Globalization;
using Kalends.Storage.Copying;

namespace Kalends.Server.CommandLine.Verbs;

/// <summary>One run of a copy, as it is told to people: table by table, then what both sides hold, then how it ended. Answers are why it did not.</summary>
internal sealed class CopyRun(StoreCopy copy, string place, Surroundings surroundings)
{
    private const string Differs = "The two stores differ, as the table above says";

    public async Task<string?> Copy(bool startOver, CancellationToken stopped)
    {
        var began = Stopwatch.StartNew();
        if (await copy.Begin(startOver, stopped) is { } refusal)
        {
            return refusal;
        }

        if (copy.IsComplete)
        {
            await surroundings.Error.WriteLineAsync("This copy was completed before; both sides are compared again.");
            return await CompareBoth(stopped) ? null : Differs + ": the target was written to since, and is in use.";
        }

        var copied = 0L;
        foreach (var part in copy.Parts)
        {
            copied += await ProgressOf.Run(surroundings, $"copying {part.Table}", part.Rows, async advance =>
            {
                advance(part.Done);
                await copy.Copy(part, advance, stopped);
                return part.Rows - part.Done;
            });
        }

        var seconds = began.Elapsed.TotalSeconds;
        if (!await CompareBoth(stopped))
        {
            return Differs + ": the target stays closed. Begin anew with --start-over.";
        }

        if (await copy.Complete(stopped) is { } changed)
        {
            return changed;
        }

        await surroundings.Out.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{copied:N0} rows copied in {seconds:N1} s ({copied / Math.Max(seconds, 0.001):N0} a second), compared and the same. "
            + $"Now name it in ConnectionStrings__Kalends: {place}"));
        return null;
    }

    public async Task<string?> Compare(CancellationToken stopped) =>
        await copy.LookOnly(stopped) ?? (await CompareBoth(stopped) ? null : Differs + ".");

    private async Task<bool> CompareBoth(CancellationToken stopped)
    {
        var compared = await ProgressOf.Run(surroundings, "comparing", copy.RowsToCompare, async advance => await copy.Compare(advance, stopped));
        Tables.Write(
            surroundings,
            ["table", "tenant", "source", "sum", "target", "sum", ""],
            compared.Select(IReadOnlyList<string> (part) =>
            [
                part.Table, part.Tenant, Number(part.SourceRows), Short(part.SourceSum), Number(part.TargetRows), Short(part.TargetSum),
                part.IsSame ? "same" : "DIFFERS",
            ]));
        return compared.All(part => part.IsSame);
    }

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Enough to see by eye; compared is all of it.</summary>
    private static string Short(UInt128 sum) => ((uint)(sum >> 96)).ToString("x8", CultureInfo.InvariantCulture);
}
