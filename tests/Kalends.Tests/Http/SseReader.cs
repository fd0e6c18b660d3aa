using System.Text.Json.Nodes;

namespace Kalends.Tests.Http;

/// <summary>Server-sent events as they come.</summary>
internal sealed class SseReader(HttpResponseMessage response) : IDisposable
{
    private StreamReader? reader;

    public HttpResponseMessage Response => response;

    public static async Task<SseReader> Open(HttpClient client, string address, string? body = null)
    {
        using var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, new Uri(address, UriKind.Relative));
        request.Headers.Accept.ParseAdd("text/event-stream");
        request.Content = body is null ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        return new(await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken));
    }

    /// <summary>Null at the end.</summary>
    public async Task<(string Name, JsonNode Data)?> Next()
    {
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        reader ??= new(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        string? name = null;
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                name = line["event: ".Length..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                return (name!, JsonNode.Parse(line["data: ".Length..])!);
            }
        }

        return null;
    }

    public async Task<List<(string Name, JsonNode Data)>> All()
    {
        var all = new List<(string, JsonNode)>();
        while (await Next() is { } one)
        {
            all.Add(one);
        }

        return all;
    }

    public void Dispose()
    {
        reader?.Dispose();
        response.Dispose();
    }
}
