using Kalends.Availability;
using Kalends.Storage;
using Kalends.Storage.Sqlite;
using Microsoft.Data.Sqlite;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Storage;

/// <summary>Each thing that should never be, done to the file behind the store's back, is found and told in a sentence.</summary>
public sealed class SqliteSoundnessTests : IAsyncLifetime
{
    private readonly TemporaryFile file = new();
    private readonly SqliteStore store;

    public SqliteSoundnessTests() => store = new(file.ConnectionString);

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    /// <summary>Trail: 1–3 created, 4 modifies the third, 5 a command without an appointment, 6 deletes the second.</summary>
    public async ValueTask InitializeAsync()
    {
        await store.Migrate(Stopped);
        await using var session = await store.Write("acme", Stopped);
        var (ana, ben) = (await session.Key(Ana), await session.Key(Ben));
        var (one, two, three) = (Booking(1, ana, 0, Hour, ana, ben), Booking(2, ana, 0, Hour), Booking(3, ana, 0, Hour));
        await session.Create(one, two, three);
        await session.Replace(three, Booking(3, ana, Hour / 2, Hour, Busyness.Busy, 2));
        await session.Rows<ITrailWrites>().Append(Command(), [], []);
        await session.Delete(two);
        await session.Rows<IAttendanceWrites>().SaveHold(new(Id(9), Ana, 0, Hour, 100, [ana]));
        await session.Rows<IIdempotencyRows>().Keep(Ana, "k", new("save", [1], false, "{}"u8.ToArray(), Now));
        await session.Commit(Stopped);
    }

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        file.Dispose();
    }

    [Theory]
    [InlineData("DELETE FROM appointment WHERE uid = 'uid-1'", "has an attendance of an appointment that is not there: 019ab0c2-0000-7000-8000-000000000001")]
    [InlineData("DELETE FROM appointment WHERE uid = 'uid-1'", "the trail ends with an appointment that is not there")]
    [InlineData("DELETE FROM appointment WHERE uid = 'uid-1'", "points to a missing row of appointment")]
    [InlineData("DELETE FROM attendance WHERE start_at = 0", "an appointment lies on no calendar")]
    [InlineData("DELETE FROM attendance WHERE calendar = 2", "logs an appointment as there that does not lie on it")]
    [InlineData("UPDATE appointment SET owner = 99 WHERE uid = 'uid-1'", "an appointment's owner has no calendar")]
    [InlineData("UPDATE attendance SET end_at = end_at + 60", "has other facts than the appointment itself")]
    [InlineData("UPDATE attendance SET privacy = 0", "has other facts than the appointment itself")]
    [InlineData("UPDATE hold_calendar SET expires_at = 7", "has other facts than the hold itself")]
    [InlineData("UPDATE calendar SET double_booking = 'refuse'", "calendar user:ana refuses double booking and is booked twice: 019ab0c2")]
    [InlineData("UPDATE calendar SET version = 0", "calendar user:ben has version 0, but the trail counts 1 changes up to 1 from 0")]
    [InlineData("UPDATE calendar_change SET deleted = 1", "does not log an appointment that lies on it")]
    [InlineData("DELETE FROM calendar_change", "does not log an appointment that lies on it")]
    [InlineData("UPDATE calendar_change SET version = 9", "logs a change that the trail does not have")]
    [InlineData("DELETE FROM command", "Trail entry 1 has no command")]
    [InlineData("DELETE FROM trail WHERE seq = 2", "Trail entries are missing between 1 and 3")]
    [InlineData("DELETE FROM trail WHERE seq > 4", "Trail entries are missing after 4")]
    [InlineData("UPDATE tenant SET last = 2", "its last sequence number is 2, its trail ends otherwise")]
    [InlineData("UPDATE trail SET version = 7 WHERE seq = 4", "Trail entry 4 does not follow from the one before of its appointment: modified to version 7")]
    [InlineData("UPDATE trail SET kind = 'created' WHERE seq = 4", "Trail entry 4 does not follow")]
    [InlineData("UPDATE trail SET before = '{}' WHERE seq = 4", "Trail entry 4 did not begin with what the one before it left")]
    [InlineData("UPDATE appointment SET body = '{}'", "the trail ends with something else than the appointment itself")]
    [InlineData("UPDATE appointment SET version = 8", "the trail ends with something else than the appointment itself")]
    [InlineData("DELETE FROM outbox WHERE trail = 3", "Trail entry 3 has 0 publications instead of one")]
    [InlineData("UPDATE outbox SET trail = 5 WHERE trail = 3", "belongs to no trail entry of an appointment of its tenant")]
    [InlineData("UPDATE appointment SET body = '{'", "appointment.body is not JSON")]
    [InlineData("UPDATE calendar SET features = ''", "calendar.features is not JSON: user:ana")]
    [InlineData("UPDATE idempotency SET body = 'x'", "idempotency.body is not JSON: user:ana k")]
    [InlineData("UPDATE command SET data = 'x'", "command.data is not JSON")]
    [InlineData("UPDATE trail SET after = 'x' WHERE seq = 1", "trail.after is not JSON: entry 1")]
    [InlineData("UPDATE outbox SET data = 'x' WHERE seq = 2", "outbox.data is not JSON: publication 2")]
    [InlineData("PRAGMA writable_schema = 1; DELETE FROM sqlite_schema WHERE name = 'appointment_by_uid'; PRAGMA schema_version = 99", "The file: ")]
    public async Task What_should_never_be_is_found(string damage, string sentence)
    {
        Assert.Empty(await store.FindBroken(Stopped).ToListAsync(Stopped));
        Damage(damage);
        Assert.Contains(await store.FindBroken(Stopped).ToListAsync(Stopped), finding => finding.Contains(sentence, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_thousand_faults_of_one_kind_are_not_told_one_by_one()
    {
        Damage("""
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
            INSERT INTO outbox (tenant, id, type, subject, time, data) SELECT 1, i, 't', 's', 0, 'x' FROM n
            """);
        var findings = await store.FindBroken(Stopped).ToListAsync(Stopped);
        Assert.Equal(101, findings.Count);
        Assert.Contains("More of the kind", findings[^1], StringComparison.Ordinal);
    }

    private void Damage(string sql)
    {
        using var connection = new SqliteConnection($"{file.ConnectionString};Pooling=False;Foreign Keys=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
