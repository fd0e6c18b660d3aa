using Kalends.Queue;
using NodaTime;

namespace Kalends.Tests.Queue;

/// <summary>How many messages whom: the narrow gate for each, and the shut one for whoever does not answer.</summary>
public sealed class DestinationsTests
{
    private const string Dead = "dead.example";

    private readonly Destinations destinations = new(most: 3);
    private Instant now = Instant.FromUtc(2026, 11, 23, 12, 0);

    [Fact]
    public void Whoever_is_busy_has_less_room_and_whoever_is_not_is_not_spoken_of()
    {
        Assert.Empty(destinations.Rooms(now));
        destinations.Begun(Dead);
        destinations.Begun(Dead);
        Assert.Equal(1, Room());
        destinations.Begun(Dead);
        Assert.Equal(0, Room());
        End(answered: true);
        Assert.Equal(1, Room());
        End(answered: true);
        End(answered: true);
        Assert.Empty(destinations.Rooms(now));
    }

    [Fact]
    public void After_several_failures_in_a_row_one_at_a_time_is_tried_until_it_comes_through()
    {
        for (var failure = 0; failure < Destinations.MostFailures; failure++)
        {
            Assert.NotEqual(0, Room() ?? 3);
            Try(answered: false);
        }

        Assert.Equal(0, Room());
        for (var round = 0; round < 100; round++)
        {
            // However long it lasts, the next try is no further away.
            now += Retry.Usual.Next(1);
            Assert.Equal(1, Room());
            destinations.Begun(Dead);
            Assert.Equal(0, Room());
            End(answered: false);
            Assert.Equal(0, Room());
        }

        now += Retry.Usual.Next(1);
        Try(answered: true);
        Assert.Null(Room());
    }

    [Fact]
    public void A_success_in_between_counts_from_the_beginning_and_what_says_nothing_changes_nothing()
    {
        for (var round = 0; round < 10; round++)
        {
            for (var failure = 1; failure < Destinations.MostFailures; failure++)
            {
                Try(answered: false);
                Try(answered: null);
            }

            Try(answered: true);
        }

        Assert.Null(Room());
    }

    [Fact]
    public void What_is_put_off_comes_back_one_after_the_other_and_soon()
    {
        for (var failure = 0; failure < Destinations.MostFailures; failure++)
        {
            Try(answered: false);
        }

        var first = Back();
        Assert.InRange(first, now + Duration.FromSeconds(1), now + Duration.FromSeconds(10));
        destinations.PutOff([new(Dead, 500), new("unknown.example", 3)]);
        Assert.Equal(first + Duration.FromMilliseconds(500), Back());
        now += Duration.FromMinutes(1);
        Assert.InRange(Back(), now + Duration.FromSeconds(1), now + Duration.FromSeconds(10));
    }

    [Fact]
    public void Whoever_is_sent_nothing_for_long_is_forgotten()
    {
        for (var failure = 0; failure < Destinations.MostFailures; failure++)
        {
            Try(answered: false);
        }

        now += Duration.FromMinutes(11);
        Assert.Empty(destinations.Rooms(now));
    }

    private int? Room() => destinations.Rooms(now).SingleOrDefault()?.Room;

    private Instant Back() => destinations.Rooms(now).Single().Back;

    private void Try(bool? answered)
    {
        destinations.Begun(Dead);
        End(answered);
    }

    private void End(bool? answered) => destinations.Ended(Dead, answered, now, 1);
}
