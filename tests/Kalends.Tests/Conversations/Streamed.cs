using System.Text.Json.Nodes;
using Kalends.Messages;
using Kalends.Messages.Json;

namespace Kalends.Tests.Conversations;

/// <summary>Keeps what a query hands out.</summary>
internal sealed class KeptItems : IItemSink
{
    public List<object> Items { get; } = [];

    public bool HasBegun => Items.Count > 0;

    private double progress;

    public ValueTask Send(IReadOnlyList<object> items, double progress, CancellationToken stopped)
    {
        Assert.NotEmpty(items);
        Assert.InRange(progress, this.progress, 1);
        this.progress = progress;
        Items.AddRange(items);
        return ValueTask.CompletedTask;
    }
}

/// <summary>A query's items put together: they are what is answered at once, and masked as that.</summary>
internal static class Streamed
{
    private static readonly string[] Lists = ["openings", "entries", "appointments"];

    public static void SaysTheSame(Reply whole, Reply rest, KeptItems items)
    {
        var (expected, found) = (Json(whole), Json(rest));
        if (whole.Refusal is null)
        {
            Assert.All(Lists.Select(member => found[member]).OfType<JsonNode>(), list => Assert.Equal(0, CountOf(list)));
            Put(found, [.. items.Items.Select(item => JsonNode.Parse(WireJson.WriteAny(item))!)]);
        }

        Assert.True(JsonNode.DeepEquals(expected, found), $"answered at once:\n{expected.ToJsonString()}\nby items:\n{found.ToJsonString()}");
    }

    public static void Put(JsonObject rest, IReadOnlyList<JsonNode> items)
    {
        if (items.Count > 0 && items[0]["entry"] is null)
        {
            rest["openings"] = new JsonArray([.. items]);
            return;
        }

        if (items.Count > 0)
        {
            rest["entries"] = new JsonArray([.. items.Select(item => item["entry"]!.DeepClone())]);
            rest["appointments"] = new JsonObject(items.Where(item => item["appointment"] is not null)
                .Select(item => KeyValuePair.Create((string)item["entry"]!["appointment"]!, item["appointment"]?.DeepClone())));
        }
    }

    private static int CountOf(JsonNode list) => list is JsonArray array ? array.Count : list.AsObject().Count;

    /// <summary>Without the cursor, which is sealed with other random numbers each time.</summary>
    private static JsonObject Json(Reply reply)
    {
        var json = JsonNode.Parse(WireJson.WriteAny((object?)reply.Refusal ?? reply.Result!))!.AsObject();
        json["goesOn"] = json.Remove("cursor");
        return json;
    }
}
