using System.Text;
using Kalends.Messages.Json;
using Kalends.Storage.Postgres;
using Kalends.Tests.Storage;

namespace Kalends.Tests.Postgres;

/// <summary>What was packed comes out to the letter, whatever it says, and what is broken is told.</summary>
public sealed class BodiesTests
{
    private static readonly Beside Here = new(Guid.Parse("019ab0c2-0000-7000-8000-000000000001"), 1_764_000_000, 1_764_003_600, Guid.Parse("019ab0c2-0000-7000-8000-000000000002"));

    [Fact]
    public void Any_text_comes_out_as_it_went_in()
    {
        var random = new Random(20261124);
        string[] pieces =
            ["\"id\":\"019ab0c2-0000-7000-8000-000000000001\"", "019ab0c2-0000-7000-8000-000000000002", "2025-11-24T16:00:00Z", "2025-11-24T17:00:00Z", "{\"title\":\"",
             "é", "日本", "\\u0001", "[]", "019ab0c2", "\"attendees\":[{\"calendar\":\"user:ana\"", ",", " "];
        for (var round = 0; round < 2_000; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(0, 60)).Select(_ => pieces[random.Next(pieces.Length)]));
            var packed = Bodies.Pack(Encoding.UTF8.GetBytes(text), Here);
            Assert.Equal(text, Encoding.UTF8.GetString(Bodies.Unpack(packed, Here)));
        }
    }

    [Fact]
    public void A_megabyte_comes_out_as_it_went_in()
    {
        var text = new byte[1_000_000];
        new Random(1).NextBytes(text);
        for (var at = 0; at < text.Length; at++)
        {
            text[at] |= 0x20;
        }

        Assert.Equal(text, Bodies.Unpack(Bodies.Pack(text, Here), Here));
    }

    [Fact]
    public void A_usual_appointment_is_packed_to_less_than_a_quarter()
    {
        var json = WireJson.Write(Examples.Usual);
        var row = Kalends.Appointments.Bookings.Row(Examples.Usual, 1, json);
        var packed = Bodies.Pack(json, new(row.Id, row.From, row.To, null));
        TestContext.Current.TestOutputHelper!.WriteLine($"{json.Length} bytes to {packed.Length}");
        Assert.True(packed.Length < json.Length / 4, $"{json.Length} bytes were packed to {packed.Length}");
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("0205AAAA")]
    [InlineData("01FFFFFFFFFF")]
    [InlineData("0105FFFF")]
    [InlineData("01FFFFFF7F00")]
    public void What_is_broken_is_told(string bytes) =>
        Assert.True(Record.Exception(() => Bodies.Unpack(Convert.FromHexString(bytes), Here)) is InvalidDataException);
}
