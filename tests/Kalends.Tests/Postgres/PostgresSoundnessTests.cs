using Kalends.Availability;
using Kalends.Storage;
using Kalends.Storage.Postgres;
using Kalends.Tests.Storage;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Postgres;

/// <summary>Each thing that should never be, done to the database behind the store's back, is found and told in a sentence.</summary>
public sealed class PostgresSoundnessTests : IAsyncLifetime
{
    private string database = "";
    private PostgresStore store = null!;

    private static CancellationToken Stopped => TestContext.Current.CancellationToken;

    /// <summary>Trail: 1–3 created, 4 modifies the third, 5 a command without an appointment, 6 deletes the second.</summary>
    public async ValueTask InitializeAsync()
    {
        store = new(database = await PrivateCluster.Database());
        await using var session = await store.Write("acme", Stopped);
        var (ana, ben) = (await session.Key(Ana), await session.Key(Ben));
        var (one, two, three) = (Booking(1, ana, 0, Hour, ana, ben), Booking(2, ana, 0, Hour), Booking(3, ana, 0, Hour));
        await session.Create(one, two, three);
        await session.Replace(three, Booking(3, ana, Hour / 2, Hour, Busyness.Busy, 2));
        await session.Rows<ITrailWrites>().Append(Command(), [], []);
        await session.Delete(two);
        await session.Rows<IAttendanceWrites>().SaveHold(new(Id(9), Ana, 0, Hour, 100, [ana]));
        await session.Commit(Stopped);
    }

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        await PrivateCluster.Drop(database);
    }

    [Theory]
    [InlineData("DELETE FROM appointment WHERE uid = 'uid-1'", "has an attendance of an appointment that is not there: 019ab0c2-0000-7000-8000-000000000001")]
    [InlineData("DELETE FROM appointment WHERE uid = 'uid-1'", "the trail ends with an appointment that is not there")]
    [InlineData("DELETE FROM attendance WHERE start_at = to_timestamp(0)", "an appointment lies on no calendar")]
    [InlineData("DELETE FROM attendance WHERE calendar = 2", "an appointment says that it lies on other calendars than it does")]
    [InlineData("DELETE FROM attendance WHERE calendar = 2; UPDATE appointment SET calendars = '{1}' WHERE uid = 'uid-1'", "logs an appointment as there that does not lie on it")]
    [InlineData("UPDATE appointment SET owner = 99 WHERE uid = 'uid-1'", "an appointment's owner has no calendar")]
    [InlineData("UPDATE calendar_change SET calendar = 99 WHERE calendar = 2", "table calendar_change points to a calendar that is not there: 99")]
    [InlineData("UPDATE appointment SET calendars = '{1}' WHERE uid = 'uid-1'", "an appointment says that it lies on other calendars than it does")]
    [InlineData("UPDATE attendance SET end_at = end_at + interval '1 minute'", "has other facts than the appointment itself")]
    [InlineData("UPDATE attendance SET privacy = 's'", "has other facts than the appointment itself")]
    [InlineData("UPDATE hold_calendar SET expires_at = to_timestamp(7)", "has other facts than the hold itself")]
    [InlineData("SET session_replication_role = replica; UPDATE calendar SET double_booking = 'refuse'", "user:ana refuses double booking and is booked twice: 019ab0c2")]
    [InlineData("SET session_replication_role = replica; UPDATE calendar SET double_booking = 'refuse'", "what is booked exclusively differs from what blocks in calendar 1")]
    [InlineData("UPDATE calendar SET version = 0", "calendar user:ben has version 0, but the trail counts 1 changes up to 1 from 0")]
    [InlineData("UPDATE calendar_change SET deleted = true", "does not log an appointment that lies on it")]
    [InlineData("DELETE FROM calendar_change", "does not log an appointment that lies on it")]
    [InlineData("UPDATE calendar_change SET version = 9", "logs a change that the trail does not have")]
    [InlineData("DELETE FROM command", "trail entry 1 has no command")]
    [InlineData("DELETE FROM trail WHERE seq = 2", "calendar user:ana has version 5, but the trail counts 4 changes up to 5 from 0")]
    [InlineData("DELETE FROM trail WHERE seq > 4", "calendar user:ana has version 5, but the trail counts 4 changes up to 4 from 0")]
    [InlineData("UPDATE trail SET versions = '{7}' WHERE seq = 4", "but the trail counts 5 changes up to 7 from 0")]
    [InlineData("UPDATE trail SET version = 7 WHERE seq = 4", "trail entry 4 does not follow from the one before of its appointment: modified to version 7")]
    [InlineData("UPDATE trail SET kind = 'created' WHERE seq = 4", "trail entry 4 does not follow")]
    [InlineData("UPDATE trail SET before = '{}' WHERE seq = 4", "trail entry 4 did not begin with what the one before it left")]
    [InlineData("UPDATE appointment SET body = '\\x0100'", "the trail ends with something else than the appointment itself")]
    [InlineData("UPDATE appointment SET version = 8", "the trail ends with something else than the appointment itself")]
    [InlineData("DELETE FROM outbox WHERE subject LIKE '%3'", "has no publication")]
    [InlineData("UPDATE outbox SET id = gen_random_uuid() WHERE subject LIKE '%3'", "belongs to no trail entry of an appointment of its tenant")]
    public async Task What_should_never_be_is_found(string damage, string sentence)
    {
        Assert.Empty(await store.FindBroken(Stopped).ToListAsync(Stopped));
        await PrivateCluster.Execute(database, damage);
        Assert.Contains(await store.FindBroken(Stopped).ToListAsync(Stopped), finding => finding.Contains(sentence, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("UPDATE appointment SET privacy = 'x'")]
    [InlineData("UPDATE trail SET after = 'x'")]
    [InlineData("UPDATE appointment SET end_at = start_at - interval '1 second'")]
    [InlineData("UPDATE calendar SET double_booking = 'refuse'")]
    [InlineData("INSERT INTO outbox (tenant, id, type, subject, time, data) SELECT tenant, id, type, subject, time, data FROM outbox")]
    public async Task What_the_database_itself_can_refuse_it_refuses(string damage)
    {
        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => PrivateCluster.Execute(database, damage));
        Assert.Empty(await store.FindBroken(Stopped).ToListAsync(Stopped));
    }

    [Fact]
    public async Task A_thousand_faults_of_one_kind_are_not_told_one_by_one()
    {
        await PrivateCluster.Execute(database, """
            INSERT INTO outbox (tenant, id, type, subject, time, data)
            SELECT 1, gen_random_uuid(), 'kalends.appointment.created.v1', 's', now(), '{}' FROM generate_series(1, 1000)
            """);
        var findings = await store.FindBroken(Stopped).ToListAsync(Stopped);
        Assert.Equal(101, findings.Count);
        Assert.Contains("More of the kind", findings[^1], StringComparison.Ordinal);
    }
}
