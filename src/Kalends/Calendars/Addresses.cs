using System.Text.RegularExpressions;

namespace Kalends.Calendars;

/// <summary>
/// Where people are reached. Only plain addresses: what RFC 5321 allows beside them, such as quoted names, is rare in use and dear in mistakes.
/// </summary>
internal static partial class Addresses
{
    /// <summary>RFC 5321 §4.5.3.1.3, without the brackets.</summary>
    private const int LongestEmail = 254;

    public static bool IsEmail(string text) => text.Length <= LongestEmail && Email().IsMatch(text);

    /// <summary>ITU-T E.164.</summary>
    public static bool IsPhone(string text) => Phone().IsMatch(text);

    [GeneratedRegex(@"\A[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*\z")]
    private static partial Regex Email();

    [GeneratedRegex(@"\A\+[1-9][0-9]{6,14}\z")]
    private static partial Regex Phone();
}
