using System.Globalization;
using System.Text.Json.Serialization;
using Kalends.Messages.Json;

namespace Kalends.Availability;

/// <summary>
/// What a clock on the wall shows, in minutes since midnight: 00:00 to 24:00, which is the end of the day and no beginning. Seconds of
/// zero are let in, since many languages print them.
/// </summary>
[JsonConverter(typeof(Converter))]
public readonly record struct TimeOfDay(int Minutes)
{
    public const int MinutesPerDay = 1_440;

    public int Seconds => Minutes * 60;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Minutes / 60:00}:{Minutes % 60:00}");

    public sealed class Converter() : WireValueConverter<TimeOfDay>("a time of day from 00:00 to 24:00, in hours and minutes", "09:00")
    {
        protected override bool TryParse(string text, out TimeOfDay value)
        {
            value = default;
            if (text.Length == 8 && text.EndsWith(":00", StringComparison.Ordinal))
            {
                text = text[..5];
            }

            if (text.Length != 5 || text[2] != ':' || !TryNumber(text.AsSpan(0, 2), out var hours) || !TryNumber(text.AsSpan(3), out var minutes))
            {
                return false;
            }

            value = new((hours * 60) + minutes);
            return minutes < 60 && value.Minutes <= MinutesPerDay;
        }

        protected override string Format(TimeOfDay value) => value.ToString();

        private static bool TryNumber(ReadOnlySpan<char> text, out int number) =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
