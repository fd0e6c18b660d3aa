using CsCheck;
using Kalends.Queue;
using NodaTime;

namespace Kalends.Tests.Queue;

/// <summary>The one policy of retries: short, constant, never growing, and over when the work has lost its purpose.</summary>
public sealed class RetryTests
{
    private static readonly Instant Now = Instant.FromUtc(2026, 11, 23, 12, 0);

    [Fact]
    public void Pauses_are_of_the_policys_length_give_or_take_half() => Gen.Double[0, 1].Sample(dice =>
    {
        var pause = Retry.Usual.Next(dice);
        Assert.InRange(pause, Duration.FromSeconds(1), Duration.FromSeconds(3));
    });

    [Fact]
    public void No_pause_is_longer_than_ten_seconds() => Gen.Select(Gen.Double[0.001, 10], Gen.Double[0, 1], Gen.Double[0, 100_000]).Sample((seconds, dice, asked) =>
    {
        var retry = new Retry(Duration.FromSeconds(seconds));
        Assert.InRange(retry.Next(dice), Duration.Zero, Retry.Longest);
        Assert.InRange(retry.Next(dice, Duration.FromSeconds(asked)), Duration.Min(Duration.FromSeconds(asked), Retry.Longest), Retry.Longest);
    });

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(10.001)]
    public void A_policy_that_waits_for_nothing_or_for_long_cannot_be_made(double seconds) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Retry(Duration.FromSeconds(seconds)));

    [Fact]
    public void Past_the_deadline_there_is_no_further_try()
    {
        Assert.Equal(Now + Duration.FromSeconds(2), Retry.Usual.Next(Now, Now + Duration.FromSeconds(3), 0.5));
        Assert.Null(Retry.Usual.Next(Now, Now + Duration.FromSeconds(2), 0.5));
        Assert.Null(Retry.Usual.Next(Now, Now - Duration.FromDays(1), 0));
        Assert.Null(Retry.Usual.Next(Now, Now + Duration.FromSeconds(4), 0.5, asked: Duration.FromHours(1)));
    }
}
