using Kalends.Appointments;

namespace Kalends.ICalendar;

/// <summary>
/// Halves of a series that a text split, and that come in together for the first time, know each other as those do that are split here. What is
/// there already keeps the links that it has. Pure.
/// </summary>
internal static class ImportedHalves
{
    public static IReadOnlyList<ImportPlan> Linked(IReadOnlyList<ImportPlan> plans, IReadOnlyDictionary<string, ImportedSeries> series)
    {
        var made = plans.Where(plan => plan.Series is { Series.Before: null }).ToDictionary(plan => plan.Uid, plan => plan.Series!.Series.After!.Id);
        var following = made.Keys.Where(uid => series[uid].Follows is not null).ToDictionary(uid => series[uid].Follows!);
        return following.Count == 0 ? plans : [.. plans.Select(plan => made.ContainsKey(plan.Uid) ? Linked(plan) : plan)];

        ImportPlan Linked(ImportPlan plan)
        {
            var previous = series[plan.Uid].Follows is { } first ? made.GetValueOrDefault(first) : null;
            var next = following.TryGetValue(plan.Uid, out var second) ? made[second] : null;
            var edit = plan.Series!.Series;
            var links = previous is null && next is null ? null : new SeriesLink { Previous = previous, Next = next };
            return plan with { Series = plan.Series with { Series = edit with { After = edit.After! with { Series = links } } } };
        }
    }
}
