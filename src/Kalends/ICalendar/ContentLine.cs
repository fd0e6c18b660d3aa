namespace Kalends.ICalendar;

/// <summary>
/// One content line (RFC 5545 §3.1): a name, parameters, a value. A parameter keeps its values as one text; quotes are taken off.
/// </summary>
internal sealed record ContentLine(string Name, IReadOnlyList<KeyValuePair<string, string>> Parameters, string Value)
{
    private static readonly char[] NameEnds = [';', ':'];

    /// <summary>The property's name alone, for choosing which lines to read at all; empty when the line has none.</summary>
    public static ReadOnlySpan<char> NameOf(string line)
    {
        var end = line.AsSpan().IndexOfAny(NameEnds);
        return end < 0 ? [] : line.AsSpan(0, end).Trim();
    }

    /// <summary>Null for what is no content line: no colon, a parameter without a name, a quote that never closes.</summary>
    public static ContentLine? Parse(string line)
    {
        var at = line.IndexOfAny(NameEnds);
        if (at <= 0)
        {
            return null;
        }

        var name = line[..at].Trim().ToUpperInvariant();
        List<KeyValuePair<string, string>>? parameters = null;
        while (line[at] == ';')
        {
            if (Parameter(line, at + 1) is not var (parameter, end))
            {
                return null;
            }

            (parameters ??= []).Add(parameter);
            at = end;
        }

        return new(name, parameters ?? [], line[(at + 1)..]);
    }

    public string? Parameter(string name)
    {
        foreach (var (key, value) in Parameters)
        {
            if (key.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }

        return null;
    }

    public bool Has(string parameter, string value) => value.Equals(Parameter(parameter)?.Trim(), StringComparison.OrdinalIgnoreCase);

    /// <summary>The parameter that begins at a place, and where the sign after it (<c>;</c> or <c>:</c>) stands.</summary>
    private static (KeyValuePair<string, string> Parameter, int End)? Parameter(string line, int start)
    {
        var quoted = false;
        for (var at = start; at < line.Length; at++)
        {
            quoted ^= line[at] == '"';
            if (!quoted && line[at] is (';' or ':'))
            {
                var text = line[start..at];
                var equals = text.IndexOf('=', StringComparison.Ordinal);
                var (name, value) = equals < 0 ? (text, "") : (text[..equals], text[(equals + 1)..]);
                return (new(name.Trim(), TextValues.Unquote(value.Replace("\"", "", StringComparison.Ordinal))), at);
            }
        }

        return null;
    }
}
