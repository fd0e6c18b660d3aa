using System.Text;
using Kalends.Server.CommandLine;

namespace Kalends.Tests.CommandLine;

public sealed class ExpandTests
{
    [Fact]
    public async Task Occurrences_are_told_on_the_wall_and_in_UTC_under_a_sentence()
    {
        var said = await Run("", "expand", "FREQ=WEEKLY;BYDAY=SU", "--start", "2026-03-22T02:30", "--zone", "Europe/Paris", "--limit", "3");
        Assert.Equal(0, said.Code);
        Assert.Equal(
            "Every week on Sunday.\n2026-03-22T02:30:00  2026-03-22T01:30:00Z\n2026-03-29T03:30:00  2026-03-29T01:30:00Z\n2026-04-05T02:30:00  2026-04-05T00:30:00Z\n",
            said.Out);
        Assert.Empty(said.Error);
    }

    [Fact]
    public async Task A_range_is_half_open_and_may_lie_far_from_the_start()
    {
        var said = await Run("", "expand", "FREQ=DAILY", "--start", "1990-01-01", "--from", "2040-01-01", "--to", "2040-01-03");
        Assert.Equal("Every day.\n2040-01-01\n2040-01-02\n", said.Out);
    }

    [Fact]
    public async Task A_start_that_does_not_fit_is_told_with_the_nearest_that_does()
    {
        var said = await Run("", "expand", "FREQ=WEEKLY;BYDAY=TU;COUNT=1", "--start", "2026-01-05T09:00");
        Assert.Contains("nearest that does is 2026-01-06T09:00:00", said.Error, StringComparison.Ordinal);
        Assert.Contains("2026-01-06T09:00:00", said.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY may not stand with FREQ=WEEKLY")]
    [InlineData("FREQ=DAILY;INTERVAL=0", "INTERVAL '0' is not")]
    [InlineData("FREQ=YEARLY;RSCALE=HEBREW", "RSCALE 'HEBREW' is not supported")]
    public async Task A_rule_that_is_refused_names_its_part(string rule, string complaint)
    {
        var said = await Run("", "expand", rule, "--start", "2026-01-05T09:00");
        Assert.Equal(1, said.Code);
        Assert.Empty(said.Out);
        Assert.Contains(complaint, said.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bomb_is_cut_with_a_message_and_not_in_silence()
    {
        var said = await Run("", "expand", "FREQ=SECONDLY", "--start", "2026-01-05T09:00", "--from", "2026-01-05T09:00", "--limit", "0");
        Assert.Equal(0, said.Code);
        var bomb = await Run("", "expand", "FREQ=SECONDLY;INTERVAL=7;BYMONTHDAY=29;BYSECOND=1;COUNT=2147483647", "--start", "2026-01-05T09:00", "--from", "9000-01-01");
        Assert.Equal(1, bomb.Code);
        Assert.Contains("steps", bomb.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("expand")]
    [InlineData("expand FREQ=DAILY")]
    [InlineData("expand FREQ=DAILY --start yesterday")]
    [InlineData("expand FREQ=DAILY --start 2026-01-05 --zone Europe/Nowhere")]
    public async Task Bad_usage_is_2(string arguments) => Assert.Equal(2, (await Run("", arguments.Split(' '))).Code);

    [Fact]
    public async Task Cases_from_standard_input_are_answered_line_by_line()
    {
        const string Input = """
            {"id":"a","dtstart":"2026-01-05T09:00:00","tzid":"Europe/Paris","rrule":"FREQ=DAILY;COUNT=2","rdate":[],"exdate":["2026-01-06T09:00:00"]}
            {"id":"b","dtstart":"2026-01-05","tzid":null,"rrule":"FREQ=DAILY;BYMONTHDAY=32"}
            {"id":3,"dtstart":"2026-01-05","rrule":"FREQ=DAILY","rangeStart":"2026-02-01","rangeEnd":"2026-02-03"}

            nonsense
            """;
        var said = await Run(Input, "expand", "--stdin");
        Assert.Equal(0, said.Code);
        Assert.Equal(
            [
                """{"id":"a","occurrences":["2026-01-05T09:00:00"]}""",
                """{"id":"b","error":"BYMONTHDAY '32' is not a whole number from 1 to 31 or -31 to -1"}""",
                """{"id":3,"occurrences":["2026-02-01","2026-02-02"]}""",
                """{"error":"line is not JSON: byte 1"}""",
            ],
            said.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static async Task<Said> Run(string input, params string[] arguments)
    {
        using var written = new StringWriter { NewLine = "\n" };
        using var complained = new StringWriter { NewLine = "\n" };
        var code = await KalendsCommandLine.Run(arguments, new()
        {
            Out = written, Error = complained, In = () => new MemoryStream(Encoding.UTF8.GetBytes(input)), OutIsTerminal = false, ErrorIsTerminal = false,
        });
        return new(code, written.ToString(), complained.ToString());
    }
}
