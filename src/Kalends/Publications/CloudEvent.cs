using System.Security.Cryptography;
using System.Text;
using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Messages.Json;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Publications;

/// <summary>
/// A publication as CloudEvents 1.0 says it in JSON. Who did what, through which application and in which request are extension attributes. To who
/// sees a busy block it is that, under names that are good in one calendar alone.
/// </summary>
public sealed record CloudEvent
{
    public string Specversion { get; init; } = "1.0";

    /// <summary>The same each time that it is sent.</summary>
    public required Guid Id { get; init; }

    public string Source { get; init; } = "/kalends";

    public required string Type { get; init; }

    /// <summary>The appointment.</summary>
    public required Guid Subject { get; init; }

    /// <summary>When the command began.</summary>
    public Instant? Time { get; init; }

    public string Datacontenttype { get; init; } = "application/json";

    public string? Kalendscommand { get; init; }

    public string? Kalendsapp { get; init; }

    public CalendarId? Kalendsperson { get; init; }

    public string? Kalendsrequest { get; init; }

    public required CloudEventData Data { get; init; }

    internal static byte[] Full(PublishedEntry published)
    {
        var data = WireJson.Read<CloudEventData>(published.Data);
        return WireJson.Write(new CloudEvent
        {
            Id = published.Id,
            Type = published.Type,
            Subject = data.Id,
            Time = published.Time,
            Kalendscommand = published.Entry?.Command,
            Kalendsapp = published.Entry?.App,
            Kalendsperson = published.Entry?.By,
            Kalendsrequest = published.Entry?.RequestId,
            Data = data,
        });
    }

    internal static byte[] Masked(Guid block, Guid id, string type, Attendance? before, Attendance? after)
    {
        var named = (after ?? before)!.Value;
        return WireJson.Write(new CloudEvent
        {
            Id = MaskedId(block, id),
            Type = type,
            Subject = block,
            Data = new()
            {
                Id = block,
                Timespan = Span(named),
                PreviousTimespan = before is { } was && after is not null ? Span(was) : null,
                Masked = true,
            },
        });
    }

    private static Timespan Span(Attendance place) => new(Instant.FromUnixTimeSeconds(place.From), Instant.FromUnixTimeSeconds(place.To));

    /// <summary>Another in each calendar, as the appointment's own is, so that two events cannot be known for one (UUIDv8, RFC 9562 §5.8).</summary>
    private static Guid MaskedId(Guid block, Guid id)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"masked event {block} {id}"));
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new(hash.AsSpan(0, 16), bigEndian: true);
    }
}

/// <summary>What a publication carries about its appointment; of a busy block its id there and its timespans.</summary>
public sealed record CloudEventData
{
    public required Guid Id { get; init; }

    public CalendarId? Owner { get; init; }

    public IReadOnlyList<CalendarId>? Attendees { get; init; }

    public required Timespan Timespan { get; init; }

    public Timespan? PreviousTimespan { get; init; }

    /// <summary>Of a series, its rule; the timespan is its first occurrence's.</summary>
    public string? Rule { get; init; }

    /// <summary>Of an occurrence, which one of which series.</summary>
    public SeriesLink? Series { get; init; }

    /// <summary>Of a reminder, who was reminded or was to be.</summary>
    public CalendarId? Calendar { get; init; }

    public ReminderChannel? Channel { get; init; }

    /// <summary>When it was due.</summary>
    public Instant? ScheduledTime { get; init; }

    /// <summary>When the channel took it.</summary>
    public Instant? ActualTime { get; init; }

    /// <summary>Of a reminder that failed: a word for programs.</summary>
    public string? Code { get; init; }

    public string? Reason { get; init; }

    public bool? Masked { get; init; }
}
