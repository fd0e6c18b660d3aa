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
    private readonly string prefix;

    public Errors()
        : this([], "")
    {
    }

    private Errors(List<FieldError> found, string prefix) => (this.found, this.prefix) = (found, prefix);

    public IReadOnlyList<FieldError> Found => found;

    public bool Any => found.Count > 0;

    public bool Full => found.Count >= Most;

    public Errors In(string member) => new(found, prefix + "/" + Escape(member));

    public Errors In(string member, int index) => new(found, prefix + "/" + Escape(member) + "/" + index.ToString(CultureInfo.InvariantCulture));

    public Errors In(int index) => new(found, prefix + "/" + index.ToString(CultureInfo.InvariantCulture));

    public void Add(string member, string detail) => In(member).Add(detail);

    public void Add(string detail)
    {
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
