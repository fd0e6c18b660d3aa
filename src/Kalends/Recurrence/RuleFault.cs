namespace Kalends.Recurrence;

/// <summary>
/// Why a rule was not taken, or not carried through: the part that is at fault (<c>BYDAY</c>, <c>INTERVAL</c>; <c>RRULE</c> for the whole
/// of it) and, in words that follow its name, what is wrong.
/// </summary>
public sealed record RuleFault(string Part, string Detail)
{
    public override string ToString() => $"{Part} {Detail}";
}

/// <summary>How strictly a rule's text is read.</summary>
public enum RuleReading : byte
{
    /// <summary>What RFC 5545 §3.3.10 forbids is refused, naming the part: for whoever writes a rule now.</summary>
    Strict = 0,

    /// <summary>
    /// For files that others wrote. Values out of range, unknown and doubled parts are refused as ever; forbidden combinations are taken
    /// as the engines that take them do: a part that may not stand with its FREQ limits it, a number that means nothing there is
    /// dropped, and of COUNT and UNTIL whichever comes first ends the rule. Empty parts (<c>;;</c>) are passed over.
    /// </summary>
    Tolerant = 1,
}
