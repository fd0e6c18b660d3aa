using System.Text.Json.Nodes;
using Kalends.Messages;
using Kalends.Tests.Conversations;
using static Kalends.Tests.Reminders.PushMessageTests;

namespace Kalends.Tests.Reminders;

/// <summary>What is no browser's subscription, or leads where nothing of a user's may lead.</summary>
public sealed class PushInputTests
{
    [Theory]
    [InlineData("\"endpoint\":\"http://push.example/1\"", "/endpoint")]
    [InlineData("\"endpoint\":\"https://10.0.0.1/1\"", "/endpoint")]
    [InlineData("\"endpoint\":\"https://127.0.0.1:9999/1\"", "/endpoint")]
    [InlineData("\"endpoint\":\"https://localhost/1\"", "/endpoint")]
    [InlineData("\"endpoint\":\"https://[::ffff:169.254.169.254]/1\"", "/endpoint")]
    [InlineData("\"endpoint\":\"https://ana:word@push.example/1\"", "/endpoint")]
    [InlineData("\"endpoint\":\"https://push.example:25/1\"", "/endpoint")]
    [InlineData("\"endpoint\":\"https://p\u00FCsh.example/1\"", "/endpoint")]
    [InlineData("\"endpoint\":\"push\"", "/endpoint")]
    [InlineData("\"endpoint\":\"\"", "/endpoint")]
    [InlineData("\"endpoint\":null", "/endpoint")]
    [InlineData("\"endpoint\":\"LONG\"", "/endpoint")]
    [InlineData("\"p256dh\":\"\"", "/keys/p256dh")]
    [InlineData("\"p256dh\":\"BCVxsr7N\"", "/keys/p256dh")]
    [InlineData("\"p256dh\":\"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw8\"", "/keys/p256dh")]
    [InlineData("\"p256dh\":\"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4AAAA\"", "/keys/p256dh")]
    [InlineData("\"p256dh\":\"AiVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4\"", "/keys/p256dh")]
    [InlineData("\"p256dh\":\"BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"", "/keys/p256dh")]
    [InlineData("\"p256dh\":\"LONG\"", "/keys/p256dh")]
    [InlineData("\"p256dh\":17", "/keys/p256dh")]
    [InlineData("\"auth\":\"BTBZMqHH6r4Tts7J_aSI\"", "/keys/auth")]
    [InlineData("\"auth\":\"BTBZMqHH6r4Tts7J+aSIgg\"", "/keys/auth")]
    [InlineData("\"auth\":\"LONG\"", "/keys/auth")]
    [InlineData("\"auth\":null", "/keys/auth")]
    [InlineData("\"expirationTime\":1", "/expirationTime")]
    [InlineData("\"expirationTime\":-1", "/expirationTime")]
    [InlineData("\"expirationTime\":9223372036854775807", "/expirationTime")]
    [InlineData("\"expirationTime\":\"soon\"", "/expirationTime")]
    [InlineData("\"calendar\":\"\"", "/calendar")]
    public async Task What_is_wrong_is_pointed_at(string member, string pointer)
    {
        await using var desk = await Desk.Open();
        var request = JsonNode.Parse(Json(One))!;
        var said = JsonNode.Parse($"{{{member.Replace("LONG", "https://push.example/" + new string('A', 10_000), StringComparison.Ordinal)}}}")!.AsObject().Single();
        (pointer.StartsWith("/keys", StringComparison.Ordinal) ? request["keys"]! : request)[said.Key] = said.Value?.DeepClone();
        var refusal = await desk.Refused("subscribe-push", request.ToJsonString());
        Assert.Equal((RefusalCode.Invalid, pointer), At(refusal));
        Assert.DoesNotContain("hidden", System.Text.Encoding.UTF8.GetString(Kalends.Messages.Json.WireJson.Write(refusal)), StringComparison.Ordinal);
        Assert.Empty(await Shown(desk));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"endpoint":"https://push.example/1","subscription":"0190a2f4-1c3b-8def-8123-456789abcdef"}""")]
    public async Task Which_browser_is_meant_is_said_in_one_way(string request)
    {
        await using var desk = await Desk.Open();
        Assert.Equal((RefusalCode.Invalid, "/subscription"), At(await desk.Refused("unsubscribe-push", request)));
    }
}
