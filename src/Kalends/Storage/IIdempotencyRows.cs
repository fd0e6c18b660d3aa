using NodaTime;

namespace Kalends.Storage;

/// <summary>The first answer to a command that came with a key. <see cref="Body"/> is its JSON in UTF-8; a refusal's when <see cref="Refused"/>.</summary>
public sealed record KeptAnswer(string Command, byte[] RequestHash, bool Refused, byte[] Body, Instant KeptAt);

public interface IIdempotencyRows
{
    /// <summary>The answer kept for this person's key since <paramref name="notBefore"/>, or null.</summary>
    ValueTask<KeptAnswer?> Find(CalendarId person, string key, Instant notBefore);

    /// <summary>Keeps an answer, in the place of an older one of the same key.</summary>
    ValueTask Keep(CalendarId person, string key, KeptAnswer answer);
}
