using System.Buffers.Binary;
using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Server.CommandLine.Seed;

/// <summary>Makes appointments with ids that follow from the seed, shaped as UUIDv7 of the appointment's own day.</summary>
internal sealed class AppointmentMaking(int seed, Random random)
{
    private int made;

    /// <summary>A timed appointment of the owner's, at the owner's site.</summary>
    public Appointment Timed(Person owner, string title, LocalDate date, int quarter, int length, IEnumerable<Attendee>? attendees = null) => new()
    {
        Id = NextId(date),
        Uid = $"seed-{seed}-{made}@kalends",
        Owner = owner.Id,
        Title = title,
        Start = date.At(DayPlan.TimeOf(quarter)),
        TimeZone = owner.Site.Zone,
        Duration = NominalDuration.OfMinutes(length * 15L),
        Attendees = attendees?.ToList(),
        FreeBusyStatus = FreeBusyStatus.Busy,
    };

    /// <summary>Whole days of a calendar's own.</summary>
    public Appointment WholeDays(CalendarId owner, string title, LocalDate date, int days, FreeBusyStatus status) => new()
    {
        Id = NextId(date),
        Uid = $"seed-{seed}-{made}@kalends",
        Owner = owner,
        Title = title,
        Start = date.AtMidnight(),
        AllDay = true,
        Duration = NominalDuration.OfDays(days),
        FreeBusyStatus = status,
    };

    private Guid NextId(LocalDate date)
    {
        made++;
        var bytes = new byte[16];
        random.NextBytes(bytes);
        var milliseconds = date.AtMidnight().InUtc().ToInstant().ToUnixTimeMilliseconds() + (made % (int)NodaConstants.MillisecondsPerDay);
        BinaryPrimitives.WriteInt64BigEndian(bytes, (milliseconds << 16) | 0x7000L | (uint)(BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(6)) & 0x0FFF));
        bytes[8] = (byte)(0x80 | (bytes[8] & 0x3F));
        return new(bytes, bigEndian: true);
    }
}
