using System.Globalization;

namespace Kalends.Messages;

/// <summary>
/// Gathers all that is wrong with one request, so that the caller hears it at once. Pointers are built by nesting:
/// <c>errors.In("appointments", 3).Add("duration", "…")</c> points to <c>/appointments/3/duration</c>. Stops noting at
/// <see cref="Most"/>: a body of a million faults must not become an answer of a million lines.
/// </summary>
public sealed class Errors
{
    public const int Most = 100;

    private readonly List<FieldError> found;
    private readonly HashSet<RefusalCode> codes;
    private readonly string prefix;

    public Errors()
        : this([], [], "")
    {
    }

    private Errors(List<FieldError> found, HashSet<RefusalCode> codes, string prefix) =>
        (this.found, this.codes, this.prefix) = (found, codes, prefix);

    public IReadOnlyList<FieldError> Found => found;

    /// <summary>The refusal for all that was found: of one code when all faults share it, else invalid. Null when nothing is wrong.</summary>
    public Refusal? Refusal => Any ? Refusal.At(codes.Count == 1 ? codes.First() : RefusalCode.Invalid, found) : null;

    public bool Any => found.Count > 0;

    public bool Full => found.Count >= Most;

    public Errors In(string member) => new(found, codes, prefix + "/" + Escape(member));

    public Errors In(string member, int index) => new(found, codes, prefix + "/" + Escape(member) + "/" + index.ToString(CultureInfo.InvariantCulture));

    public Errors In(int index) => new(found, codes, prefix + "/" + index.ToString(CultureInfo.InvariantCulture));

    public void Add(string member, string detail) => In(member).Add(detail);

    public void Add(string detail) => Add(RefusalCode.Invalid, detail);

    public void Add(RefusalCode code, string detail)
    {
        codes.Add(code);
        if (!Full)
        {
            found.Add(new(prefix, detail));
        }
    }

    /// <summary>Notes the detail when the condition does not hold.</summary>
    public void Require(bool holds, string member, string detail)
    {
        if (!holds)
        {
            Add(member, detail);
        }
    }

    /// <summary>The same for what the errors point to already.</summary>
    public void Require(bool holds, string detail)
    {
        if (!holds)
        {
            Add(detail);
        }
    }

    /// <summary>Notes a list that is longer than a request may carry; such a refusal is 413 and names the limit.</summary>
    public void AtMost(int most, int count, string member)
    {
        if (count > most)
        {
            In(member).Add(RefusalCode.TooLarge, $"has {count} entries; the limit is {most}");
        }
    }

    /// <summary>Looks at each item of a list under its own pointer; an item that is null is a fault of its own.</summary>
    public void Each<T>(string member, IReadOnlyList<T> items, Action<T, Errors> look)
    {
        for (var index = 0; index < items.Count && !Full; index++)
        {
            var at = In(member, index);
            if (items[index] is { } item)
            {
                look(item, at);
            }
            else
            {
                at.Add("must not be null");
            }
        }
    }

    private static string Escape(string member) =>
        (member.Length > 100 ? member[..100] : member).Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
}
