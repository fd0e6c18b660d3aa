using NodaTime;

namespace Kalends.Tests.Conversations.Series;

/// <summary>
/// What a person with a paper calendar would do: every few days at a time of day, from a day on, until a day; some days crossed out, some
/// with a note of their own. Day by day, without rules, ids or horizons: shares nothing with what it judges.
/// </summary>
internal sealed class SeriesModel
{
    public required string Id { get; set; }

    public required LocalDate First { get; set; }

    public required int Every { get; init; }

    public required LocalTime At { get; set; }

    public required string Title { get; set; }

    /// <summary>The first day that is too late.</summary>
    public LocalDate? Until { get; set; }

    public HashSet<LocalDate> Crossed { get; init; } = [];

    /// <summary>By the day that the rules give: where it was moved to (null: as the rules say) and what it is called (null: as the series is).</summary>
    public Dictionary<LocalDate, (LocalDateTime? Start, string? Title)> Notes { get; init; } = [];

    public IEnumerable<LocalDate> Days(LocalDate until)
    {
        for (var day = First; day < until && (Until is null || day < Until); day = day.PlusDays(Every))
        {
            if (!Crossed.Contains(day))
            {
                yield return day;
            }
        }
    }

    public (LocalDateTime Start, string Title) On(LocalDate day) => Notes.TryGetValue(day, out var note)
        ? (note.Start ?? day.At(At), note.Title ?? Title)
        : (day.At(At), Title);

    /// <summary>The second half, from a day on; what was noted or crossed out from there on goes with it.</summary>
    public SeriesModel SplitAt(LocalDate day, string id)
    {
        var second = new SeriesModel
        {
            Id = id, First = day, Every = Every, At = At, Title = Title, Until = Until,
            Crossed = [.. Crossed.Where(crossed => crossed >= day)],
            Notes = Notes.Where(note => note.Key >= day).ToDictionary(),
        };
        EndAt(day);
        return second;
    }

    public void EndAt(LocalDate day)
    {
        Until = day;
        Crossed.RemoveWhere(crossed => crossed >= day);
        foreach (var later in Notes.Keys.Where(noted => noted >= day).ToList())
        {
            Notes.Remove(later);
        }
    }
}
