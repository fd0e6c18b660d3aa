using System.Security.Cryptography;
using Kalends.Messages;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Audit;

/// <summary>
/// Takes what people wrote out of the trail: title, description, location, metadata, and the titles of links and attachments, of appointments that a
/// calendar owned. Who changed what and when stays, and so does the chain of seals. What appointments say that are there now is not touched: that is
/// for saving or deleting them. For administrators. Part by part: what is erased is found no more, so the same command goes on from there.
/// </summary>
public sealed record EraseTitles : Command<ErasedTitles>, IDoneInParts<ErasedTitles>
{
    /// <summary>One transaction: few enough that others get to write between two.</summary>
    public const int SidesPerPart = 500;

    public required CalendarId Calendar { get; init; }

    /// <summary>Only what was written before it, though a later change found it there; all of it when absent.</summary>
    public Instant? Before { get; init; }

    public (long Done, long Left) Progress(ErasedTitles part) => (part.Erased, part.Left);

    public ErasedTitles Sum(ErasedTitles before, ErasedTitles part) => new(before.Erased + part.Erased, part.Left);

    public override async ValueTask<Outcome<ErasedTitles>> Execute(CommandContext context)
    {
        if (!context.Caller.Scopes.HasFlag(Scopes.Admin))
        {
            return Refusal.Of(RefusalCode.Forbidden, "The token lacks the scope kalends.admin.");
        }

        if (!(await context.Rows<ICalendarRows>().Find([Calendar])).ContainsKey(Calendar))
        {
            return Refusal.At(RefusalCode.NotFound, "/calendar", "no appointment ever lay on it");
        }

        // Nobody else erases in it meanwhile.
        var owner = (await context.Rows<ICalendarWrites>().Lock([Calendar]))[Calendar];
        var (rows, until) = (context.Rows<IErasureWrites>(), Before ?? context.Now + Duration.FromSeconds(1));
        var sides = await rows.Find(owner, until, SidesPerPart);
        List<EntrySide> left = [.. sides.Select(side => side with { Said = ErasedText.Of(side.Said) })];
        await rows.Erase(context.CommandId, left);
        context.TrailData = new { Calendar, Before, Erased = sides.Count, Digest = Digest(sides, left) };
        return new ErasedTitles(sides.Count, await rows.Count(owner, until));
    }

    private static string Digest(IReadOnlyList<EntrySide> sides, IReadOnlyList<EntrySide> left)
    {
        using var sum = new ErasureSum();
        foreach (var (side, remains) in sides.Zip(left))
        {
            sum.Add(side.Seq, side.IsAfter, SHA256.HashData(side.Said), SHA256.HashData(remains.Said));
        }

        return sum.Close();
    }
}

/// <summary>
/// How many texts were erased, each what an entry of the trail said before its change or after it, and how many are left: none, unless a part was worked
/// out alone, as on a dry run.
/// </summary>
public sealed record ErasedTitles(long Erased, long Left);
