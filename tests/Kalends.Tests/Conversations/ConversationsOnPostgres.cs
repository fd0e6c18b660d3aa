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
