using System.Text.Json;
using Kalends.Appointments;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Audit;

/// <summary>
/// One change as a caller may see it. Of one that is a busy block to them: <see cref="At"/>, a name for the appointment that is good in one calendar
/// alone, what became of the block, and <see cref="Masked"/>.
/// </summary>
public sealed record HistoryEntry
{
    public required Instant At { get; init; }

    public CalendarId? By { get; init; }

    /// <summary>Whose appointment it is, where another changed it.</summary>
    public CalendarId? OnBehalfOf { get; init; }

    public string? App { get; init; }

    public string? Command { get; init; }

    public Guid? CommandId { get; init; }

    public string? RequestId { get; init; }

    public Guid? Appointment { get; init; }

    public ChangeKind? Kind { get; init; }

    /// <summary>The appointment's version after the change; the last one it had when it was deleted.</summary>
    public long? Version { get; init; }

    public AppointmentView? Before { get; init; }

    public AppointmentView? After { get; init; }

    /// <summary>The change as a sentence.</summary>
    public string? Summary { get; init; }

    /// <summary>Of a command that changed no appointment: what it carried.</summary>
    public JsonElement? Data { get; init; }

    public bool? Masked { get; init; }

    /// <summary>In bytes, roughly: what a page is filled by.</summary>
    internal int Length => (Before?.Length ?? 0) + (After?.Length ?? 0);
}
