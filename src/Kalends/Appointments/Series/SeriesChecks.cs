using Kalends.Messages.Json;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Appointments;

/// <summary>
/// What verification asks of series. Under another release of the zones than the stored one it is not asked: rules make other times then.
/// </summary>
internal static class SeriesChecks
{
    /// <summary>Of each series: what is stored of it is what its rules say, up to its horizon, with what was changed by itself in its place.</summary>
    public static async ValueTask<List<string>> Run(IReadSession session, IReadOnlyList<AppointmentRow> page, Instant now)
    {
        var rows = session.Rows<ISeriesRows>();
        var findings = new List<string>();
        foreach (var row in page.Where(row => row.Series is null))
        {
            var says = WireJson.Read<Appointment>(row.Json);
            var horizon = (await rows.Horizons([row.Id])).GetValueOrDefault(row.Id);
            if (says.Recurrence is null != horizon is null)
            {
                findings.Add(horizon is null
                    ? $"series {row.Id} does not say how far it is stored"
                    : $"appointment {row.Id} does not recur, but is kept as a series");
            }
            else if (horizon is not null)
            {
                findings.AddRange(Compare(says, horizon, await rows.Occurrences(row.Id, detachedOnly: false), now.ToUnixTimeSeconds()));
            }
        }

        return findings;
    }

    private static IEnumerable<string> Compare(
        Appointment says, SeriesHorizon horizon, IReadOnlyList<StoredOccurrence> stored, long now)
    {
        var occurrences = new SeriesOccurrences(says);
        var derived = stored.Where(occurrence => !occurrence.Detached).ToDictionary(occurrence => occurrence.Key);
        var detached = stored.Where(occurrence => occurrence.Detached).Select(occurrence => occurrence.Key).ToHashSet();
        foreach (var occurrence in occurrences.Starting(-SeriesOccurrences.End, horizon.StoredUntil))
        {
            if (!derived.Remove(occurrence.Key, out var there))
            {
                if (!detached.Contains(occurrence.Key))
                {
                    yield return $"series {says.Id} lacks its occurrence of {occurrence.Key.Local}";
                }
            }
            else if ((there.From, there.To) != (occurrence.From, occurrence.To) && occurrence.From > now)
            {
                // What is past stays where it was held, whatever a newer release of the zones says.
                yield return $"series {says.Id} has its occurrence of {occurrence.Key.Local} at another time than its rules";
            }
        }

        foreach (var extra in derived.Keys)
        {
            yield return $"series {says.Id} has an occurrence at {extra.Local} that its rules do not make, or that lies beyond what is stored";
        }

        foreach (var lost in detached.Where(key => occurrences.Find(key) is null))
        {
            yield return $"series {says.Id} has a changed occurrence of {lost.Local}, when it does not occur";
        }

        if (horizon.IsOpen && occurrences.FirstFrom(horizon.StoredUntil) is null)
        {
            yield return $"series {says.Id} is kept as going on, and has ended";
        }
    }
}
