using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Storage;
using Kalends.Tests.Storage;

namespace Kalends.Tests.Conversations;

/// <summary>Under which ids busy blocks stand: nobody learns from them who meets whom.</summary>
public sealed class MaskedIdTests
{
    private static readonly Attendance Block = new(1, 0, 3_600, Examples.Id(1), Busyness.Busy, default, 1, false);

    private static readonly SealingKeys Keys = SealingKeys.Parse(SealingKeys.NewText());

    [Fact]
    public void It_is_the_same_each_time_and_another_in_each_calendar_and_tenant()
    {
        Assert.Equal(Of(Keys), Of(Keys));
        Assert.NotEqual(Of(Keys), AppointmentView.MaskedId(Keys, "acme", Block with { Calendar = 2 }));
        Assert.NotEqual(Of(Keys), AppointmentView.MaskedId(Keys, "globex", Block));
    }

    [Fact]
    public void It_does_not_follow_from_what_somebody_may_know() => Assert.NotEqual(Of(Keys), Of(SealingKeys.Parse(SealingKeys.NewText())));

    private static Guid Of(SealingKeys keys) => AppointmentView.MaskedId(keys, "acme", Block);
}
