using Kalends.Availability;
using Kalends.Messages;
using NodaTime;

namespace Kalends.Appointments;

/// <summary>
/// How private the occurrences of a series have become by now, where it was split since: by the half that each lies in, and by what of that day
/// was changed by itself. Whoever is shown how things were is shown no more than they may see now.
/// </summary>
internal sealed class PrivacyNow
{
    /// <summary>A series that was split more often is followed no further.</summary>
    private const int MostHalves = 50;

    private readonly List<(long From, Privacy Privacy)> halves = [];
    private readonly Dictionary<LocalDate, Privacy> days = [];

    public static async ValueTask<PrivacyNow> Of(QueryContext context, Guid series)
    {
        var now = new PrivacyNow();
        Guid? next = series;
        while (next is { } id && now.halves.Count < MostHalves && (await KnownSeries.Find(context, [id])).GetValueOrDefault(id) is { } half)
        {
            now.halves.Add((half.Series.Row.From, half.Series.Row.Privacy));
            foreach (var occurrence in half.Detached)
            {
                var day = occurrence.Says.Series!.RecurrenceId!.Value.Date;
                now.days[day] = Most(now.days.GetValueOrDefault(day), occurrence.Row.Privacy);
            }

            next = half.Says.Series?.Next;
        }

        return now;
    }

    /// <summary>The row with the privacy that it has now, if that is more.</summary>
    public AppointmentRow On(AppointmentRow row, Occurrence occurrence)
    {
        var half = halves.FindLast(one => one.From <= occurrence.From).Privacy;
        return row with { Privacy = Most(row.Privacy, Most(half, days.GetValueOrDefault(occurrence.Key.Local.Date))) };
    }

    private static Privacy Most(Privacy one, Privacy other) => one > other ? one : other;
}
