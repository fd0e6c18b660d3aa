using System.Text.Json;
using Kalends.Tests.Http;

namespace Kalends.Tests.Webhooks;

/// <summary>A server that may send to this host, and a receiver there, for all tests of a class; each test has receivers' paths of its own.</summary>
public sealed class WebhookHost : IAsyncLifetime
{
    internal EdgeHost Host { get; private set; } = null!;

    internal Receiver Receiver { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Receiver = await Receiver.Start();
        Host = await EdgeHost.Start("--Kalends:Outgoing:AllowPrivate=true", "--Kalends:Outgoing:AllowHttp=true", "--Kalends:Queue:Workers=4");
    }

    internal async Task<(Guid Webhook, string Secret)> Subscribe(string path, HttpClient client, string calendars, params string[] types)
    {
        var named = types.Length == 0 ? ["created", "modified", "deleted"] : types;
        var answer = await Do(client, "subscribe-webhook", $$"""
            {"uri":"{{Receiver.Address}}{{path}}","types":[{{string.Join(',', named.Select(type => $"\"kalends.appointment.{type}.v1\""))}}]{{calendars}}}
            """);
        return (answer.GetProperty("webhook").GetGuid(), answer.Text("secret"));
    }

    internal static async Task<string> Save(HttpClient client, string members = "") => (await Do(
        client, "save-appointments", $$"""{"appointments":[{{{members}}"start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT1H"}]}"""))
        .GetProperty("saved")[0].Text("id");

    internal static async Task<JsonElement> Do(HttpClient client, string command, string body)
    {
        using var answer = await client.Post($"/v1/commands/{command}", body);
        var said = await answer.Json();
        Assert.True(answer.IsSuccessStatusCode, $"{command}: {said}");
        return said;
    }

    internal static async Task<JsonElement> Ask(HttpClient client, string query, string body)
    {
        using var answer = await client.Post($"/v1/queries/{query}", body);
        var said = await answer.Json();
        Assert.True(answer.IsSuccessStatusCode, $"{query}: {said}");
        return said;
    }

    internal static async Task<JsonElement> Shown(HttpClient client, Guid webhook) => (await Ask(client, "get-webhooks", "{}"))
        .GetProperty("webhooks").EnumerateArray().Single(one => one.GetProperty("webhook").GetGuid() == webhook);

    internal async Task<IReadOnlyList<Received>> Until(string path, int count)
    {
        await Queue.Office.Until(() => Task.FromResult(Receiver.At(path).Count >= count));
        return Receiver.At(path);
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await Receiver.DisposeAsync();
    }
}
