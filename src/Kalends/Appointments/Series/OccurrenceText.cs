using System.Text;
using Kalends.Messages.Json;
using Kalends.Time;
using NodaTime;

namespace Kalends.Appointments;

/// <summary>
/// What a derived occurrence says: all that its series says, but for its own id, start, span and place in the series. As JSON it is the
/// first occurrence's with five values of fixed length written over, so that a year of a series is not serialised over and over.
/// </summary>
public sealed class OccurrenceText
{
    private readonly AppointmentRow series;
    private readonly Appointment says;
    private byte[]? pattern;
    private Places places;

    public OccurrenceText(AppointmentRow series)
    {
        this.series = series;
        says = WireJson.Read<Appointment>(series.Json);
    }

    public OccurrenceText(AppointmentRow series, Appointment says) => (this.series, this.says) = (series, says);

    public Appointment Series => says;

    /// <summary>The occurrence as an appointment of its own.</summary>
    public static Appointment Of(Appointment series, Guid id, Occurrence occurrence) => series with
    {
        Id = id,
        Start = occurrence.Key.Local,
        Span = series.AllDay == true ? null : new(Instant.FromUnixTimeSeconds(occurrence.From), Instant.FromUnixTimeSeconds(occurrence.To)),
        Recurrence = null,
        Series = new() { Id = series.Id, RecurrenceId = occurrence.Key.Local, Detached = false },
    };

    /// <summary>The row with what it says.</summary>
    public AppointmentRow Row(Guid id, Occurrence occurrence) => Place(id, occurrence) with
    {
        Uid = series.Uid,
        Version = series.Version,
        Title = series.Title,
        Json = Json(id, occurrence),
    };

    /// <summary>The row as it is stored: its place alone.</summary>
    public AppointmentRow Place(Guid id, Occurrence occurrence) => series with
    {
        Id = id,
        Uid = "",
        Version = 0,
        Title = null,
        From = occurrence.From,
        To = occurrence.To,
        Json = "{}"u8.ToArray(),
        Series = series.Id,
        Detached = false,
    };

    private byte[] Json(Guid id, Occurrence occurrence)
    {
        if (pattern is null)
        {
            pattern = WireJson.Write(Of(says, id, occurrence));
            places = Places.In(pattern, says.AllDay == true);
            return pattern;
        }

        var json = pattern.AsSpan().ToArray();
        Encoding.UTF8.TryGetBytes(id.ToString("D"), json.AsSpan(places.Id), out _);
        var start = occurrence.Key.Local.ToString("uuuu-MM-dd'T'HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture);
        Encoding.UTF8.TryGetBytes(start, json.AsSpan(places.Start), out _);
        Encoding.UTF8.TryGetBytes(start, json.AsSpan(places.RecurrenceId), out _);
        if (places.From > 0)
        {
            Utf8Instant.TryWrite(Instant.FromUnixTimeSeconds(occurrence.From), json.AsSpan(places.From));
            Utf8Instant.TryWrite(Instant.FromUnixTimeSeconds(occurrence.To), json.AsSpan(places.To));
        }

        return json;
    }

    /// <summary>
    /// Where the five values begin. Members are written in the order they are declared, and a quote inside a text is escaped, so the first
    /// of each name after the one before is the member itself.
    /// </summary>
    private readonly record struct Places(int Id, int Start, int From, int To, int RecurrenceId)
    {
        public static Places In(ReadOnlySpan<byte> json, bool allDay)
        {
            var id = After(json, "{\"id\":\""u8, 0);
            var start = After(json, "\"start\":\""u8, id);
            var from = allDay ? 0 : After(json, "\"span\":{\"from\":\""u8, start);
            var to = allDay ? 0 : After(json, "\"to\":\""u8, from);
            var series = After(json, "\"series\":{\"id\":\""u8, Math.Max(start, to));
            return new(id, start, from, to, After(json, "\"recurrenceId\":\""u8, series));
        }

        private static int After(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name, int from)
        {
            var place = json[from..].IndexOf(name);
            return place >= 0 ? from + place + name.Length : throw new InvalidOperationException($"an occurrence has no {Encoding.UTF8.GetString(name)}");
        }
    }
}
