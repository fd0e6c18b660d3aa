using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;

namespace Kalends.Server.Http;

/// <summary>
/// The parameters of an address, and the JSON they stand for. That JSON goes through the one reader of requests, so unknown, repeated
/// and malformed parameters are refused in the same words as members of a body.
/// </summary>
internal sealed class Parameters
{
    private readonly List<(string Name, List<string> Values)> all = [];

    public static Parameters Of(HttpRequest request)
    {
        var parameters = new Parameters();
        foreach (var pair in new QueryStringEnumerable(request.QueryString.Value))
        {
            parameters.Add(pair.DecodeName().ToString(), pair.DecodeValue().ToString());
        }

        return parameters;
    }

    public IEnumerable<string> Names => all.Select(parameter => parameter.Name);

    public void Add(string name, string value)
    {
        var known = all.Find(parameter => parameter.Name == name).Values;
        if (known is null)
        {
            all.Add((name, [value]));
        }
        else
        {
            known.Add(value);
        }
    }

    /// <summary>The values of a parameter, which is not one any more.</summary>
    public IReadOnlyList<string> Take(string name)
    {
        var values = all.Find(parameter => parameter.Name == name).Values;
        all.RemoveAll(parameter => parameter.Name == name);
        return values ?? [];
    }

    public ReadOnlyMemory<byte> ToJson(FlatMembers members)
    {
        var json = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(json);
        writer.WriteStartObject();
        foreach (var (name, values) in all.Where(parameter => members.Find(parameter.Name) is not { IsEnd: true }))
        {
            WriteMember(writer, name, values, members.Find(name));
        }

        foreach (var timespan in all.Where(parameter => members.Find(parameter.Name) is { IsEnd: true })
            .GroupBy(parameter => members.Find(parameter.Name)!.Member))
        {
            writer.WriteStartObject(timespan.Key);
            foreach (var (name, values) in timespan)
            {
                WriteMember(writer, name, values, members.Find(name));
            }

            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.Flush();
        return json.WrittenMemory;
    }

    /// <summary>A single member given twice is written twice: the reader refuses that.</summary>
    private static void WriteMember(Utf8JsonWriter writer, string name, List<string> values, FlatMember? member)
    {
        if (member is { IsList: true })
        {
            writer.WriteStartArray(name);
            values.ForEach(value => WriteValue(writer, value, member.Value));
            writer.WriteEndArray();
            return;
        }

        foreach (var value in values)
        {
            writer.WritePropertyName(name);
            WriteValue(writer, value, member?.Value);
        }
    }

    private static void WriteValue(Utf8JsonWriter writer, string value, Type? type)
    {
        if (type == typeof(bool) && (value is "true" or "false"))
        {
            writer.WriteBooleanValue(value == "true");
        }
        else if (Type.GetTypeCode(type) is >= TypeCode.SByte and <= TypeCode.Decimal && !type!.IsEnum
            && long.TryParse(value, System.Globalization.NumberStyles.AllowLeadingSign, null, out var number))
        {
            writer.WriteNumberValue(number);
        }
        else
        {
            writer.WriteStringValue(value);
        }
    }
}
