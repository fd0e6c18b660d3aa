using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Kalends.Availability;
using Kalends.Messages;
using Kalends.Messages.Json;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Appointments;

/// <summary>How much of an appointment an answer shows to those who may see all of it.</summary>
public enum Detail
{
    Full,
    Summary,
    Busy,
}

/// <summary>
/// An appointment as one caller sees it: JSON in UTF-8, made from the stored JSON without reading it where all of it is shown. On
/// the wire it looks like an <see cref="Appointment"/>.
/// </summary>
[JsonConverter(typeof(Converter))]
[LooksLike(typeof(Appointment))]
public sealed class AppointmentView
{
    private readonly byte[] json;

    private AppointmentView(byte[] json) => this.json = json;

    /// <summary>In bytes.</summary>
    public int Length => json.Length;

    /// <summary>All of it. An all-day appointment gets its span here: whole days in the viewer's zone.</summary>
    public static AppointmentView Full(AppointmentRow row, string viewerZone)
    {
        if (!row.AllDay)
        {
            return new(row.Json);
        }

        var span = WireJson.Write(Completion.SpanIn(WireJson.Read<Appointment>(row.Json), viewerZone));
        return new([.. "{\"span\":"u8, .. span, (byte)',', .. row.Json.AsSpan(1)]);
    }

    /// <summary>What a list or a grid needs: no texts but the title, no people, no files.</summary>
    public static AppointmentView Summary(AppointmentRow row, string viewerZone)
    {
        var full = WireJson.Read<Appointment>(row.Json);
        return new(WireJson.Write(new Appointment
        {
            Id = full.Id,
            Version = full.Version,
            Owner = full.Owner,
            Status = full.Status,
            Title = full.Title,
            Location = full.Location,
            Start = full.Start,
            TimeZone = full.TimeZone,
            Duration = full.Duration,
            AllDay = full.AllDay,
            Span = Completion.SpanIn(full, viewerZone),
            FreeBusyStatus = full.FreeBusyStatus,
            Privacy = full.Privacy,
            Series = full.Series,
        }));
    }

    /// <summary>When and how busy, and nothing else.</summary>
    public static AppointmentView BusyBlock(Attendance attendance, bool masked) => new(WireJson.Write(new Appointment
    {
        Span = new(Instant.FromUnixTimeSeconds(attendance.From), Instant.FromUnixTimeSeconds(attendance.To)),
        FreeBusyStatus = attendance.Busyness switch
        {
            Busyness.Free => FreeBusyStatus.Free,
            Busyness.Tentative => FreeBusyStatus.Tentative,
            Busyness.OutOfOffice => FreeBusyStatus.OutOfOffice,
            _ => FreeBusyStatus.Busy,
        },
        Masked = masked ? true : null,
    }));

    /// <summary>
    /// The name under which a masked block stands in an answer: the same each time, but another in each calendar, so that nobody
    /// learns from it who meets whom, not even who knows the appointment's own id (UUIDv8 of a keyed hash, RFC 9562 §5.8).
    /// </summary>
    internal static Guid MaskedId(QueryContext context, Attendance attendance) => MaskedId(context.SealingKeys, context.Caller.Tenant, attendance);

    /// <inheritdoc cref="MaskedId(QueryContext, Attendance)"/>
    public static Guid MaskedId(SealingKeys keys, string tenant, Attendance attendance)
    {
        var hash = HMACSHA256.HashData(
            keys.InForce.Span, Encoding.UTF8.GetBytes($"masked {tenant} {attendance.Calendar} {attendance.Appointment}"));
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new(hash.AsSpan(0, 16), bigEndian: true);
    }

    public sealed class Converter : JsonConverter<AppointmentView>
    {
        public override AppointmentView Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            using var document = JsonDocument.ParseValue(ref reader);
            return new(Encoding.UTF8.GetBytes(document.RootElement.GetRawText()));
        }

        public override void Write(Utf8JsonWriter writer, AppointmentView value, JsonSerializerOptions options) =>
            writer.WriteRawValue(value.json, skipInputValidation: true);
    }
}
