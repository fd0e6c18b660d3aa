using System.Text.Json.Serialization.Metadata;
using Kalends.Messages.Json;
using Kalends.Time;

namespace Kalends.Server.Http;

/// <summary>A parameter that stands for a member of a message: one value, or one of a list that repeats it, or an end of its timespan.</summary>
internal sealed record FlatMember(string Parameter, string Member, Type Value, bool IsList, bool IsRequired)
{
    /// <summary>Set where the parameter is one end, <c>from</c> or <c>to</c>, of a member that is a timespan.</summary>
    public bool IsEnd => Member != Parameter;
}

/// <summary>The members of a message that can be said as parameters of an address.</summary>
internal sealed class FlatMembers
{
    private static readonly string[] Ends = ["from", "to"];

    private readonly Dictionary<string, FlatMember> byParameter;

    private FlatMembers(List<FlatMember> members, bool sayAll) =>
        (All, SayAllRequired, byParameter) = (members, sayAll, members.ToDictionary(member => member.Parameter, StringComparer.Ordinal));

    public IReadOnlyList<FlatMember> All { get; }

    /// <summary>False when the message cannot do without a member that is no flat one; such a message is no GET.</summary>
    public bool SayAllRequired { get; }

    public FlatMember? Find(string parameter) => byParameter.GetValueOrDefault(parameter);

    public static FlatMembers Of(Type message)
    {
        var members = new List<FlatMember>();
        var sayAll = true;
        foreach (var property in WireJson.Options.GetTypeInfo(message).Properties.Where(property => property.Set is not null))
        {
            var flat = Flatten(property).ToList();
            members.AddRange(flat);
            sayAll &= flat.Count > 0 || !property.IsRequired;
        }

        return new([.. members.DistinctBy(member => member.Parameter)], sayAll);
    }

    private static IEnumerable<FlatMember> Flatten(JsonPropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if (type == typeof(Timespan))
        {
            return Ends.Select(end => new FlatMember(end, property.Name, typeof(NodaTime.Instant), false, property.IsRequired));
        }

        var shape = WireJson.Options.GetTypeInfo(type);
        if (shape.Kind == JsonTypeInfoKind.None)
        {
            return [new(property.Name, property.Name, type, false, property.IsRequired)];
        }

        return shape.Kind == JsonTypeInfoKind.Enumerable && WireJson.Options.GetTypeInfo(shape.ElementType!).Kind == JsonTypeInfoKind.None
            ? [new(property.Name, property.Name, shape.ElementType!, true, property.IsRequired)]
            : [];
    }
}
