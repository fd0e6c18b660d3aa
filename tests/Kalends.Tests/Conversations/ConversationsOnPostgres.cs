using Kalends.Tests.Conversations.Audit;
using Kalends.Tests.Conversations.Series;

namespace Kalends.Tests.Conversations;

// The same conversations on PostgreSQL, word for word: what a caller sees does not depend on the store.

[Trait(Desk.OnPostgres, "")]
public sealed class BookingOnPostgresTests : BookingTests
{
    [Fact]
    public async Task They_are_held_on_PostgreSQL()
    {
        await using var desk = await Desk.Open();
        Assert.IsType<Kalends.Storage.Postgres.PostgresStore>(desk.Store);
    }
}

[Trait(Desk.OnPostgres, "")]
public sealed class SavingOnPostgresTests : SavingTests;

[Trait(Desk.OnPostgres, "")]
public sealed class ReadingOnPostgresTests : ReadingTests;

[Trait(Desk.OnPostgres, "")]
public sealed class IdempotencyOnPostgresTests : IdempotencyTests;

[Trait(Desk.OnPostgres, "")]
public sealed class MaskingOnPostgresTests : MaskingTests;

[Trait(Desk.OnPostgres, "")]
public sealed class OpenHoursOnPostgresTests : OpenHoursTests;

[Trait(Desk.OnPostgres, "")]
public sealed class RezoningOnPostgresTests : RezoningTests;

[Trait(Desk.OnPostgres, "")]
public sealed class SeriesOnPostgresTests : SeriesTests;

[Trait(Desk.OnPostgres, "")]
public sealed class SeriesEditOnPostgresTests : SeriesEditTests;

[Trait(Desk.OnPostgres, "")]
public sealed class SeriesSimulationOnPostgresTests : SeriesSimulationTests;

[Trait(Desk.OnPostgres, "")]
public sealed class SeriesCarryOnPostgresTests : SeriesCarryTests;

[Trait(Desk.OnPostgres, "")]
public sealed class SeriesPagesOnPostgresTests : SeriesPagesTests;

[Trait(Desk.OnPostgres, "")]
public sealed class SeriesRightsOnPostgresTests : SeriesRightsTests;

[Trait(Desk.OnPostgres, "")]
public sealed class AccessOnPostgresTests : AccessTests;

[Trait(Desk.OnPostgres, "")]
public sealed class AccessMatrixOnPostgresTests : AccessMatrixTests;

[Trait(Desk.OnPostgres, "")]
public sealed class HistoryOnPostgresTests : HistoryTests;

[Trait(Desk.OnPostgres, "")]
public sealed class HistoryMaskingOnPostgresTests : HistoryMaskingTests;

[Trait(Desk.OnPostgres, "")]
public sealed class AsOfOnPostgresTests : AsOfTests;

[Trait(Desk.OnPostgres, "")]
public sealed class AsOfSimulationOnPostgresTests : AsOfSimulationTests;

[Trait(Desk.OnPostgres, "")]
public sealed class RestoringOnPostgresTests : RestoringTests;

[Trait(Desk.OnPostgres, "")]
public sealed class RestoringSeriesOnPostgresTests : RestoringSeriesTests;

[Trait(Desk.OnPostgres, "")]
public sealed class RestoringSimulationOnPostgresTests : RestoringSimulationTests;

[Trait(Desk.OnPostgres, "")]
public sealed class RestoringAWeekOnPostgresTests : RestoringAWeekTests;

[Trait(Desk.OnPostgres, "")]
public sealed class RetentionOnPostgresTests : RetentionTests;

[Trait(Desk.OnPostgres, "")]
public sealed class RetentionSimulationOnPostgresTests : RetentionSimulationTests;

[Trait(Desk.OnPostgres, "")]
public sealed class EngagementOnPostgresTests : EngagementTests;

[Trait(Desk.OnPostgres, "")]
public sealed class ErasingOnPostgresTests : ErasingTests
{
    /// <summary>The narrow way: whoever serves may have texts erased, and have nothing else left in their place.</summary>
    [Theory]
    [InlineData("""{"id":"a","start":"b"}""", 1)]
    [InlineData("""{ "start":"b", "id":"a" }""", 1)]
    [InlineData("""{"id":"a","start":"c"}""", 0)]
    [InlineData("""{"id":"a"}""", 0)]
    [InlineData("""{"id":"a","start":"b","more":1}""", 0)]
    [InlineData("""{"id":"a","start":"b","title":"Another"}""", 0)]
    [InlineData("""{"id":"a","start":"b","title":"Was \u0000 there"}""", 0)]
    public async Task The_database_lets_nothing_but_texts_be_erased(string left, long erased)
    {
        await using var desk = await Desk.Open();
        await desk.Save("""{"start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT1H"}""");
        await desk.Save("""{"start":"2026-11-23T09:00:00","timeZone":"UTC","duration":"PT1H"}""", Desk.As("user:ana", "globex"));
        await Postgres.PrivateCluster.Execute(desk.ConnectionString, """UPDATE trail SET after = '{"id":"a","start":"b","title":"Was \u0000 there"}'""");
        var service = Postgres.PrivateCluster.AsService(desk.ConnectionString);
        var erase = $"SELECT erase_trail_text(gen_random_uuid(), '{{2}}', '{{NULL}}', ARRAY['{left}'::json])";
        Assert.Equal(0L, await Postgres.PrivateCluster.Execute(service, erase));
        Assert.Equal(0L, await Postgres.PrivateCluster.Execute(service, $"SET LOCAL kalends.tenant = 1; {erase}"));
        Assert.Equal(erased, await Postgres.PrivateCluster.Execute(service, $"SET LOCAL kalends.tenant = 2; {erase}"));
        Assert.Equal(erased, await Postgres.PrivateCluster.Execute(
            desk.ConnectionString, """SELECT count(*) FROM trail_erasure WHERE tenant = 2 AND seq = 2 AND said = sha256('{"id":"a","start":"b","title":"Was \\u0000 there"}')"""));
    }
}

[Trait(Desk.OnPostgres, "")]
public sealed class FeedOnPostgresTests : FeedTests;

[Trait(Desk.OnPostgres, "")]
public sealed class WebhookMessageOnPostgresTests : WebhookMessageTests;

[Trait(Desk.OnPostgres, "")]
public sealed class PushMessageOnPostgresTests : Reminders.PushMessageTests;
