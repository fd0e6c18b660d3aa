using System.Text.Json.Nodes;
using Kalends.Messages.Json;

namespace Kalends.Appointments;

/// <summary>
/// A detached occurrence after its series changed. It keeps what it says otherwise than its series said, and takes the new for all it had in
/// common with it, member by member; of attendees, person by person, so that answers stay and who joins or leaves the series does so here too. Pure.
/// </summary>
public static class OccurrenceMerge
{
    /// <summary>When it is, one thought in several members: moved by itself, it stays where it was moved to.</summary>
    private static readonly string[] Time = ["start", "timeZone", "allDay"];

    /// <summary>What the server makes, never inherited.</summary>
    private static readonly HashSet<string> Made = ["id", "version", "span", "series", "recurrence", "createdAt", "updatedAt", "originator", "app"];

    /// <summary>
    /// From what the series made of the occurrence before, what it says by itself, and what the series makes of it now. Version, times of
    /// change and span are still to be filled in.
    /// </summary>
    public static Appointment Of(Appointment seriesBefore, Appointment detached, Appointment seriesNow)
    {
        var (before, own, now) = (Members(seriesBefore), Members(detached), Members(seriesNow));
        // Whole days in a series of hours, or the other way round, are not a time that was moved: the series' own takes their place.
        var sameKind = Same(own["allDay"], now["allDay"]);
        var movedItself = sameKind && Time.Any(member => !Same(own[member], before[member]));
        foreach (var member in now.Select(pair => pair.Key).Concat(own.Select(pair => pair.Key)).Distinct().Where(member => !Made.Contains(member)).ToList())
        {
            var keeps = Time.Contains(member) ? movedItself : !Same(own[member], before[member]) && (sameKind || member != "duration");
            now[member] = member == "attendees" ? Attendees(before[member], own[member], now[member]) : (keeps ? own : now)[member]?.DeepClone();
        }

        return WireJson.Read<Appointment>(WireJson.Write(now));
    }

    private static JsonObject Members(Appointment appointment) => JsonNode.Parse(WireJson.Write(appointment))!.AsObject();

    private static bool Same(JsonNode? left, JsonNode? right) => JsonNode.DeepEquals(left, right);

    private static JsonArray Attendees(JsonNode? before, JsonNode? own, JsonNode? now)
    {
        var (was, itself, becomes) = (ByCalendar(before), ByCalendar(own), ByCalendar(now));
        var merged = new JsonArray();
        foreach (var (calendar, attendee) in becomes)
        {
            var wasHere = was.ContainsKey(calendar);
            if (!itself.TryGetValue(calendar, out var kept))
            {
                // Taken off this occurrence alone: stays off. New on the series: joins.
                if (!wasHere)
                {
                    merged.Add(attendee.DeepClone());
                }
            }
            else
            {
                merged.Add((wasHere && Same(kept, was[calendar]) ? attendee : kept).DeepClone());
            }
        }

        foreach (var (_, attendee) in itself.Where(pair => !was.ContainsKey(pair.Key) && !becomes.ContainsKey(pair.Key)))
        {
            merged.Add(attendee.DeepClone());
        }

        // Where everybody left it by one way or another, those of the series come.
        return merged.Count > 0 ? merged : [.. becomes.Values.Select(attendee => attendee.DeepClone())];
    }

    private static Dictionary<string, JsonNode> ByCalendar(JsonNode? attendees) =>
        attendees?.AsArray().ToDictionary(attendee => (string)attendee!["calendar"]!, attendee => attendee!, StringComparer.Ordinal) ?? [];
}
