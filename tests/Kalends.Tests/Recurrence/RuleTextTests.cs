using Kalends.Recurrence;

namespace Kalends.Tests.Recurrence;

public sealed class RuleTextTests
{
    [Theory]
    [InlineData("FREQ=DAILY;INTERVAL=0", "INTERVAL")]
    [InlineData("FREQ=DAILY;INTERVAL=-1", "INTERVAL")]
    [InlineData("FREQ=DAILY;INTERVAL=2147483648", "INTERVAL")]
    [InlineData("FREQ=DAILY;INTERVAL=99999999999999999999", "INTERVAL")]
    [InlineData("FREQ=DAILY;COUNT=0", "COUNT")]
    [InlineData("FREQ=DAILY;COUNT=1.5", "COUNT")]
    [InlineData("FREQ=DAILY;UNTIL=20261301", "UNTIL")]
    [InlineData("FREQ=DAILY;UNTIL=2026-12-31", "UNTIL")]
    [InlineData("FREQ=FORTNIGHTLY", "FREQ")]
    [InlineData("FREQ=4", "FREQ")]
    [InlineData("COUNT=3", "FREQ")]
    [InlineData("", "RRULE")]
    [InlineData("FREQ=DAILY;FREQ=DAILY", "FREQ")]
    [InlineData("FREQ=DAILY;BYDAY", "BYDAY")]
    [InlineData("FREQ=DAILY;BYDAY=", "BYDAY")]
    [InlineData("FREQ=DAILY;BYDAY=MO,,TU", "BYDAY")]
    [InlineData("FREQ=MONTHLY;BYDAY=0MO", "BYDAY")]
    [InlineData("FREQ=MONTHLY;BYDAY=54MO", "BYDAY")]
    [InlineData("FREQ=DAILY;BYHOUR=24", "BYHOUR")]
    [InlineData("FREQ=DAILY;BYMINUTE=60", "BYMINUTE")]
    [InlineData("FREQ=DAILY;BYSECOND=61", "BYSECOND")]
    [InlineData("FREQ=DAILY;BYMONTH=13", "BYMONTH")]
    [InlineData("FREQ=YEARLY;BYMONTH=5L", "BYMONTH")]
    [InlineData("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY")]
    [InlineData("FREQ=YEARLY;BYYEARDAY=367", "BYYEARDAY")]
    [InlineData("FREQ=YEARLY;BYWEEKNO=-54", "BYWEEKNO")]
    [InlineData("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0", "BYSETPOS")]
    [InlineData("FREQ=WEEKLY;WKST=XX", "WKST")]
    [InlineData("FREQ=DAILY;BYWODAN=1", "BYWODAN")]
    [InlineData("FREQ=DAILY;SKIP=SIDEWAYS", "SKIP")]
    [InlineData("FREQ=YEARLY;RSCALE=CHINESE", "RSCALE")]
    public void What_is_not_a_rule_is_refused_naming_the_part(string text, string part)
    {
        foreach (var reading in Enum.GetValues<RuleReading>())
        {
            Assert.False(RecurrenceRule.TryParse(text, reading, out _, out var fault));
            Assert.Equal(part == "RRULE" && reading == RuleReading.Tolerant ? "FREQ" : part, fault.Part);
            Assert.NotEmpty(fault.Detail);
        }
    }

    [Theory]
    [InlineData("FREQ=MONTHLY;BYWEEKNO=20;BYDAY=MO", "BYWEEKNO")]
    [InlineData("FREQ=MONTHLY;BYYEARDAY=1", "BYYEARDAY")]
    [InlineData("FREQ=DAILY;BYYEARDAY=1", "BYYEARDAY")]
    [InlineData("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY")]
    [InlineData("FREQ=WEEKLY;BYDAY=1MO", "BYDAY")]
    [InlineData("FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO", "BYDAY")]
    [InlineData("FREQ=DAILY;BYSETPOS=1", "BYSETPOS")]
    [InlineData("FREQ=DAILY;COUNT=2;UNTIL=20260101", "UNTIL")]
    [InlineData("FREQ=DAILY;;COUNT=2", "RRULE")]
    public void What_the_RFC_forbids_is_refused_or_tolerated(string text, string part)
    {
        Assert.False(RecurrenceRule.TryParse(text, RuleReading.Strict, out _, out var fault));
        Assert.Equal(part, fault.Part);
        Assert.True(RecurrenceRule.TryParse(text, RuleReading.Tolerant, out _, out _));
    }

    [Theory]
    [InlineData("byday=+1mo,-1FR,1MO;freq=monthly;Interval=1", "FREQ=MONTHLY;BYDAY=1MO,-1FR")]
    [InlineData("FREQ=WEEKLY;BYDAY=SU,MO,MO;WKST=MO", "FREQ=WEEKLY;BYDAY=MO,SU")]
    [InlineData("FREQ=YEARLY;SKIP=FORWARD;UNTIL=20300101T000000Z", "RSCALE=GREGORIAN;FREQ=YEARLY;UNTIL=20300101T000000Z;SKIP=FORWARD")]
    public void Rules_that_say_the_same_are_written_the_same(string text, string written) => Assert.Equal(written, Read.Rule(text).ToString());

    [Theory]
    [InlineData("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;UNTIL=20261224", "Every 2 weeks on Monday and Wednesday, until 24 December 2026.")]
    [InlineData("FREQ=MONTHLY;BYDAY=-1FR;COUNT=12", "Every month on the last Friday of the month, 12 times.")]
    [InlineData("FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR", "Every month on the 13th if that is Friday.")]
    [InlineData("FREQ=MONTHLY;BYDAY=MO,TU,WE;BYSETPOS=-2", "Every month on Monday, Tuesday and Wednesday, of these the 2nd to last in each period.")]
    [InlineData(
        "FREQ=YEARLY;BYMONTH=1,3;BYMONTHDAY=1,-1;SKIP=FORWARD",
        "Every year in January and March on the last day of the month and the 1st, the day after where a month or year does not have the day.")]
    [InlineData("FREQ=DAILY;BYHOUR=9,17;BYMINUTE=30", "Every day at 09:30 and 17:30.")]
    [InlineData("FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10;UNTIL=20260101T080000Z", "Every 20 minutes in the hours 9 and 10, until 1 January 2026 08:00:00 UTC.")]
    [InlineData("FREQ=YEARLY;BYWEEKNO=20,-1;BYDAY=MO;WKST=SU", "Every year in the last week of the year and week 20 on Monday, weeks beginning on Sunday.")]
    public void A_rule_is_said_in_a_sentence(string rule, string sentence) => Assert.Equal(sentence, RuleSentence.Of(Read.Rule(rule)));

    [Theory]
    [InlineData("FREQ=WEEKLY;BYDAY=TU", "2026-01-05T09:00", "2026-01-06T09:00")]
    [InlineData("FREQ=WEEKLY;BYDAY=SU", "2026-01-05T09:00", "2026-01-04T09:00")]
    [InlineData("FREQ=WEEKLY;INTERVAL=3;BYDAY=MO", "2026-01-05T09:00", "2026-01-05T09:00")]
    [InlineData("FREQ=MONTHLY;BYDAY=-1FR", "2026-01-05T09:00", "2025-12-26T09:00")]
    [InlineData("FREQ=MONTHLY;BYMONTHDAY=31;COUNT=1", "2026-02-14T09:00", "2026-01-31T09:00")]
    [InlineData("FREQ=DAILY;BYHOUR=8,18", "2026-01-05T09:00", "2026-01-05T08:00")]
    [InlineData("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2026-02-28T09:00", "2024-02-29T09:00")]
    [InlineData("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "2026-11-25T09:00", "2026-11-26T09:00")]
    [InlineData("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2026-01-31T09:00", "2026-01-30T09:00")]
    [InlineData("FREQ=DAILY;UNTIL=20200101", "2026-01-05T09:00", "2026-01-05T09:00")]
    public void The_nearest_start_that_fits_is_told(string rule, string start, string nearest) =>
        Assert.Equal(Read.Time(nearest), StartFit.Nearest(Read.Rule(rule), Read.Time(start)));

    [Fact]
    public void No_start_fits_a_rule_that_never_occurs() =>
        Assert.Null(StartFit.Nearest(Read.Rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), Read.Time("2026-01-05T09:00")));
}
