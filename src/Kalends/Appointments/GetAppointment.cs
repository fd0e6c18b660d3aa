using System.Text.Json;
using System.Text.Json.Serialization;
using Kalends.Availability;
using Kalends.Messages;
using Kalends.Messages.Json;
using Kalends.Storage;

namespace Kalends.Appointments;

/// <summary>
/// One appointment, a series or an occurrence. What the caller may not know of is not found; what is private to others comes as a busy block.
/// </summary>
public sealed record GetAppointment : Query<OneAppointment>
{
    public required Guid Id { get; init; }

    public override async ValueTask<Outcome<OneAppointment>> Execute(QueryContext context)
    {
        var known = (await KnownAppointments.Find(context, [Id])).GetValueOrDefault(Id);
        if (known is null)
        {
            return NotFound();
        }

        var asked = await AskedCalendars.Find(context, known.Calendars);
        var attendances = known.Says.Attendees!.Select(attendee => Bookings.OfAttendee(known.Says, known.Row, attendee, asked.Rows[attendee.Calendar]));
        var ownersView = new Attendance(known.Row.Owner, known.Row.From, known.Row.To, Id, Busyness.Busy, known.Row.Privacy, known.Row.Owner, known.Row.AllDay);
        var best = attendances.Append(ownersView)
            .Select(attendance => (Attendance: attendance, Seen: asked.Sight.Of(attendance, asked.IdOf(attendance.Calendar))))
            .MaxBy(pair => pair.Seen);
        return best.Seen switch
        {
            Seen.Details => new OneAppointment(AppointmentView.Full(known.Row, asked.ViewerZone), known.Row.Version),
            Seen.BusyBlock => new OneAppointment(AppointmentView.BusyBlock(best.Attendance, masked: true), 0),
            _ => NotFound(),
        };
    }

    private Refusal NotFound() => Refusal.At(RefusalCode.NotFound, "/id", $"there is no appointment {Id}");
}

/// <summary>The appointment, as it stands on the wire; its version is its tag (0 where it is masked: nobody compares busy blocks).</summary>
[JsonConverter(typeof(Converter))]
[LooksLike(typeof(Appointment))]
public sealed record OneAppointment(AppointmentView Appointment, long Version) : IHasVersionTag
{
    public sealed class Converter : JsonConverter<OneAppointment>
    {
        public override OneAppointment Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            new(JsonSerializer.Deserialize<AppointmentView>(ref reader, options)!, 0);

        public override void Write(Utf8JsonWriter writer, OneAppointment value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value.Appointment, options);
    }
}
