using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;

namespace Kalends.Tests.Processes;

/// <summary>Whatever is sent, the answer is a clear refusal or sound, and the server lives.</summary>
[Collection(nameof(Alone))]
public sealed class HostileTests
{
    private const int Seed = 20261123;
    private const int Bodies = 5_000;

    [Fact]
    public async Task Five_thousand_hostile_bodies_never_break_the_server()
    {
        using var folder = new KalendsFolder();
        await using var server = await KalendsProcess.Start(folder);
        var bodies = new HostileBodies(Seed);
        var refused = 0;
        for (var number = 0; number < Bodies; number++)
        {
            var (path, body) = bodies.Next();
            using var answer = await Send(server, folder, path, new ByteArrayContent(body));
            var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            var shown = $"seed {Seed}, body {number}: {path} {System.Text.Encoding.UTF8.GetString(body)[..Math.Min(body.Length, 2_000)]}\n{answer.StatusCode} {text}";
            Assert.True((int)answer.StatusCode < 500, shown);
            if (!answer.IsSuccessStatusCode)
            {
                refused++;
                Assert.True(answer.Content.Headers.ContentType?.MediaType == "application/problem+json", shown);
                Assert.True(JsonNode.Parse(text)!["code"] is not null, shown);
            }
        }

        Assert.True(refused > Bodies * 9 / 10, $"only {refused} of {Bodies} were refused: the generator makes too much that is sound");
        Assert.Equal(HttpStatusCode.OK, (await server.Post("queries/get-calendars", "{}")).Status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_of_a_hundred_megabytes_is_refused_by_its_limit(bool lengthIsSaid)
    {
        using var folder = new KalendsFolder();
        await using var server = await KalendsProcess.Start(folder);
        try
        {
            using var answer = await Send(server, folder, "commands/save-appointments", new Flood(100_000_000, lengthIsSaid));
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
            Assert.Contains("8", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
        catch (HttpRequestException) when (!lengthIsSaid)
        {
            // The server may hang up while the flood still comes; what matters is that it lives.
        }

        Assert.Equal(HttpStatusCode.OK, (await server.Post("queries/get-calendars", "{}")).Status);
    }

    private static async Task<HttpResponseMessage> Send(KalendsProcess server, KalendsFolder folder, string path, HttpContent content)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/" + path) { Content = content };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", folder.Token("user:ana"));
        return await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>A JSON string that goes on and on.</summary>
    private sealed class Flood(int length, bool lengthIsSaid) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            var block = new byte[64 * 1024];
            Array.Fill(block, (byte)'"');
            for (var sent = 0; sent < length; sent += block.Length)
            {
                await stream.WriteAsync(block.AsMemory(0, Math.Min(block.Length, length - sent)));
            }
        }

        protected override bool TryComputeLength(out long known)
        {
            known = length;
            return lengthIsSaid;
        }
    }
}
