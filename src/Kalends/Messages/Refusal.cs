using Kalends.Storage;
using Kalends.Time;

namespace Kalends.Messages;

/// <summary>Every way a request can be refused. The wire name and status of each stand in <see cref="Refusals"/>.</summary>
public enum RefusalCode
{
    Invalid,
    NotSupportedYet,
    Unauthenticated,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    Conflict,
    StaleVersion,
    ManagedByApp,
    SyncTokenExpired,
    CursorExpired,
    TooLarge,
    UnsupportedMediaType,
    IdempotencyKeyReused,
    TooManyRequests,
    TooSlow,
    Unavailable,
    Bug,
}

/// <summary>One member of the request that is wrong: a JSON pointer (RFC 6901) to it and what to do about it.</summary>
public sealed record FieldError(string Pointer, string Detail);

/// <summary>
/// A stretch that stood in the way, in the calendar it lies in; <see cref="Occurrence"/> is the recurrence id of the wanted occurrence it stood
/// in the way of, where a series was wanted.
/// </summary>
public sealed record ConflictingSpan(CalendarId Calendar, Timespan Span, Guid? Appointment = null, NodaTime.LocalDateTime? Occurrence = null);

/// <summary>A refusal is a value: nothing was changed, and this says why and what to do.</summary>
public sealed record Refusal
{
    public required RefusalCode Code { get; init; }

    public required string Detail { get; init; }

    public IReadOnlyList<FieldError> Errors { get; init; } = [];

    public IReadOnlyList<ConflictingSpan> Conflicts { get; init; } = [];

    public int? RetryAfterSeconds { get; init; }

    public static Refusal Of(RefusalCode code, string detail) => new() { Code = code, Detail = detail };

    public static Refusal At(RefusalCode code, string pointer, string detail) =>
        new() { Code = code, Detail = detail, Errors = [new(pointer, detail)] };

    /// <summary>Several members of one request, all at once; the detail counts them.</summary>
    public static Refusal At(RefusalCode code, IReadOnlyList<FieldError> errors) => new()
    {
        Code = code,
        Errors = errors,
        Detail = errors.Count == 1 ? errors[0].Detail : $"{errors.Count} members of the request are refused; see errors.",
    };
}

/// <summary>The one table from refusals to the wire.</summary>
public static class Refusals
{
    public static (string Code, int Status, string Title) OnTheWire(RefusalCode code) => code switch
    {
        RefusalCode.Invalid => ("invalid", 400, "The request is not valid"),
        RefusalCode.NotSupportedYet => ("not-supported-yet", 400, "Kalends cannot do this yet"),
        RefusalCode.Unauthenticated => ("unauthenticated", 401, "A valid bearer token is needed"),
        RefusalCode.Forbidden => ("forbidden", 403, "The caller may not do this"),
        RefusalCode.NotFound => ("not-found", 404, "Not found"),
        RefusalCode.MethodNotAllowed => ("method-not-allowed", 405, "This address does not take that method"),
        RefusalCode.Conflict => ("conflict", 409, "The time is taken"),
        RefusalCode.StaleVersion => ("stale-version", 409, "Somebody changed it meanwhile"),
        RefusalCode.ManagedByApp => ("managed-by-app", 409, "An application manages this appointment"),
        RefusalCode.SyncTokenExpired => ("sync-token-expired", 410, "The sync token is no longer usable"),
        RefusalCode.CursorExpired => ("cursor-expired", 410, "The cursor is no longer usable"),
        RefusalCode.TooLarge => ("too-large", 413, "The request is too large"),
        RefusalCode.UnsupportedMediaType => ("unsupported-media-type", 415, "The body is of a kind this address does not take"),
        RefusalCode.IdempotencyKeyReused => ("idempotency-key-reused", 422, "The idempotency key belongs to another request"),
        RefusalCode.TooManyRequests => ("too-many-requests", 429, "Too many requests"),
        RefusalCode.TooSlow => ("too-slow", 408, "The request came in too slowly"),
        RefusalCode.Unavailable => ("unavailable", 503, "Kalends cannot serve this just now"),
        _ => ("bug", 500, "Kalends has a fault"),
    };
}
