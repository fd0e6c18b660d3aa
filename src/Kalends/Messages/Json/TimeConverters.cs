using System.Text.Json;
using Kalends.Time;
using NodaTime;
using NodaTime.Text;

namespace Kalends.Messages.Json;

/// <summary>RFC 3339 in UTC, whole seconds. A fraction of zeros is let in, since many languages print one.</summary>
public sealed class InstantConverter() : WireValueConverter<Instant>("an instant in UTC with whole seconds", "2026-11-23T08:00:00Z")
{
    private static readonly InstantPattern Pattern = InstantPattern.General;

    public override void Write(Utf8JsonWriter writer, Instant value, JsonSerializerOptions options)
    {
        // Answers carry instants by the thousand, so this one form is written by hand.
        Span<byte> text = stackalloc byte[20];
        writer.WriteStringValue(Utf8Instant.TryWrite(value, text) ? text : throw new JsonException("instant out of range"));
    }

    protected override bool TryParse(string text, out Instant value)
    {
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        if (dot == 19 && text.EndsWith('Z') && text.Length > 21 && text.AsSpan(20, text.Length - 21).Trim('0').IsEmpty)
        {
            text = text[..19] + "Z";
        }

        return Pattern.Parse(text).TryGetValue(default, out value) && value >= Earliest && value < Latest;
    }

    protected override string Format(Instant value) => Pattern.Format(value);

    // A day wider than what appointments may use, so that their edges can still be asked for.
    private static readonly Instant Earliest = LocalSpans.Earliest.PlusDays(-2).AtMidnight().InUtc().ToInstant();

    private static readonly Instant Latest = LocalSpans.Latest.PlusYears(10).AtMidnight().InUtc().ToInstant();
}

/// <summary>The instant form as UTF-8, without a string in between.</summary>
public static class Utf8Instant
{
    /// <summary>Writes 20 bytes such as <c>2026-11-23T08:00:00Z</c>; false outside years 0 to 9999.</summary>
    public static bool TryWrite(Instant value, Span<byte> text)
    {
        var (date, time) = value.InUtc().LocalDateTime;
        if (date.Year is < 0 or > 9999)
        {
            return false;
        }

        "0000-00-00T00:00:00Z"u8.CopyTo(text);
        Digits(text, 0, date.Year / 100);
        Digits(text, 2, date.Year % 100);
        Digits(text, 5, date.Month);
        Digits(text, 8, date.Day);
        Digits(text, 11, time.Hour);
        Digits(text, 14, time.Minute);
        Digits(text, 17, time.Second);
        return true;
    }

    private static void Digits(Span<byte> text, int at, int number)
    {
        text[at] = (byte)('0' + (number / 10));
        text[at + 1] = (byte)('0' + (number % 10));
    }
}

/// <summary>A local date-time without an offset, whole seconds. A plain date is let in as its midnight, for all-day appointments.</summary>
public sealed class LocalDateTimeConverter() : WireValueConverter<LocalDateTime>("a local date-time without an offset", "2026-11-23T09:00:00")
{
    private static readonly LocalDateTimePattern Pattern = LocalDateTimePattern.GeneralIso;

    private static readonly LocalDateTimePattern WithoutSeconds = LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm");

    protected override bool TryParse(string text, out LocalDateTime value)
    {
        if (text.Length == 10 && LocalDatePattern.Iso.Parse(text).TryGetValue(default, out var date))
        {
            value = date.AtMidnight();
            return true;
        }

        return Pattern.Parse(text).TryGetValue(default, out value) || WithoutSeconds.Parse(text).TryGetValue(default, out value);
    }

    protected override string Format(LocalDateTime value) => Pattern.Format(value);
}

public sealed class LocalDateConverter() : WireValueConverter<LocalDate>("a date", "2026-11-23")
{
    protected override bool TryParse(string text, out LocalDate value) => LocalDatePattern.Iso.Parse(text).TryGetValue(default, out value);

    protected override string Format(LocalDate value) => LocalDatePattern.Iso.Format(value);
}

public sealed class NominalDurationConverter() : WireValueConverter<NominalDuration>("an ISO 8601 duration of days and time, not negative", "PT45M")
{
    protected override bool TryParse(string text, out NominalDuration value) => NominalDuration.TryParse(text, out value);

    protected override string Format(NominalDuration value) => value.ToString();
}
