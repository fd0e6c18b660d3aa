using Kalends.Appointments;
using Kalends.Audit;
using Kalends.Availability;
using Kalends.Storage;
using Kalends.Tests.Storage;
using NodaTime;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Audit;

/// <summary>The same where a part of the trail was dropped: nobody hides behind that.</summary>
public abstract partial class TamperingTests
{
    private const string Trimmed = "globex";

    private static readonly Instant Early = Instant.FromUtc(2025, 1, 10, 10, 0);

    [Theory]
    [InlineData("UPDATE trail SET after = '{}' WHERE seq = 11", "trail entry 11 is not what seal 2 was made of")]
    [InlineData("UPDATE trail SET version = 9 WHERE seq = 12", "trail entry 12 is not what seal 3 was made of")]
    [InlineData("DELETE FROM trail WHERE seq = 11", "trail entry 11, which seal 2 covers, is gone")]
    [InlineData("DELETE FROM trail WHERE seq = 12", "trail entry 12, which seal 3 covers, is gone")]
    [InlineData("UPDATE trail SET seq = 9 WHERE seq = 11", "trail entry 9 is there, though all up to 10 were dropped")]
    [InlineData("UPDATE trail SET seq = 10 WHERE seq = 7; UPDATE trail SET tenant = 2 WHERE seq = 10", "trail entry 10 is there, though all up to 10 were dropped")]
    [InlineData("UPDATE trail_dropped SET seq = 11", "trail entry 11 is there, though all up to 11 were dropped")]
    [InlineData("UPDATE trail_dropped SET seq = 11; DELETE FROM trail WHERE seq = 11", "seals cover 4 of the trail entries up to 11, and 3 are said to be dropped")]
    [InlineData("UPDATE trail_dropped SET seq = 8", "trail entry 10, which seal 2 covers, is gone")]
    [InlineData("UPDATE trail_dropped SET seq = 9999", "the trail is said to be dropped up to 9999, and is sealed up to")]
    [InlineData("UPDATE trail_dropped SET entries = 2", "seals cover 3 of the trail entries up to 10, and 2 are said to be dropped")]
    [InlineData("UPDATE trail_dropped SET seals = 0", "seal 1 has no digests, and not all that it covers was dropped")]
    [InlineData("UPDATE trail_dropped SET seals = 2", "seals cover 4 of the trail entries up to 10, and 3 are said to be dropped")]
    [InlineData("DELETE FROM trail_dropped", "seal 1 has no digests, and not all that it covers was dropped")]
    [InlineData("UPDATE trail_seal SET digests = NULL WHERE tenant = 2 AND number = 2", "seal 2 has no digests, and not all that it covers was dropped")]
    [InlineData("UPDATE trail_seal SET digests = NULL WHERE tenant = 2 AND number = 3", "seal 3 has no digests, and not all that it covers was dropped")]
    [InlineData("DELETE FROM trail_seal WHERE tenant = 2 AND number = 1", "seal 1 is missing")]
    [InlineData("UPDATE trail_seal SET entries = 1 WHERE tenant = 2 AND number = 1", "seal 1 does not follow from the one before it")]
    public async Task What_is_changed_by_hand_beside_what_was_dropped_is_found(string damage, string sentence)
    {
        await Trim();
        await Damage(damage);
        Assert.Contains((await Chain.Of(store, Trimmed)).Findings, finding => finding.Contains(sentence, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("UPDATE appointment SET version = 8 WHERE tenant = 2 AND uid = 'uid-1'", "globex: the trail ends with something else than the appointment itself: 019ab0c2")]
    [InlineData("UPDATE calendar_change SET version = 9 WHERE tenant = 2", "the trail ends with something else than the appointment itself: 019ab0c2-0000-7000-8000-000000000001")]
    [InlineData("UPDATE calendar SET counted_from = 1 WHERE tenant = 2", "the trail ends with something else than the appointment itself: 019ab0c2-0000-7000-8000-000000000002")]
    [InlineData("UPDATE calendar SET counted_from = 2 WHERE tenant = 2", "but the trail counts")]
    [InlineData("UPDATE calendar SET counted_from = 0 WHERE tenant = 2", "does not follow from the one before of its appointment: modified to version 2")]
    [InlineData("DELETE FROM trail_dropped", "logs a change that the trail does not have")]
    [InlineData("DELETE FROM trail_dropped", "did not begin with what the one before it left")]
    [InlineData("DELETE FROM trail WHERE seq = 11", "calendar user:ana has version 5, but the trail counts 1 changes up to 5 from 3")]
    [InlineData("DELETE FROM outbox WHERE tenant = 2 AND subject LIKE '%3'", "publication")]
    [InlineData("UPDATE trail SET version = 7 WHERE seq = 13", "trail entry 13 does not follow from the one before of its appointment: modified to version 7")]
    [InlineData(
        "INSERT INTO open_hours (tenant, calendar, version, body) SELECT 2, key, 3, '{}' FROM calendar WHERE tenant = 2 AND id LIKE 'room%'",
        "has open hours of version 3, but the trail set them 0 times")]
    public async Task What_contradicts_itself_beside_what_was_dropped_is_found(string damage, string sentence)
    {
        await Trim();
        await Damage(damage);
        Assert.Contains(
            await store.FindBroken(TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken),
            finding => finding.Contains(sentence, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>
    /// Another tenant's entries 8 to 13 under seals of two. 8 to 10 made three appointments, 11 and 13 changed the third, 12 nothing. The first three are
    /// dropped, and the digests of the first seal.
    /// </summary>
    private async Task Trim()
    {
        var stopped = TestContext.Current.CancellationToken;
        await using (var session = await store.Write(Trimmed, stopped))
        {
            var (ana, _) = (await session.Key(Ana), await session.Key(Room));
            var bookings = Enumerable.Range(1, 3).Select(number => Booking(number, ana, 0, Hour)).ToList();
            var (second, third) = (Booking(3, ana, Hour / 2, Hour, Busyness.Busy, 2), Booking(3, ana, 0, Hour, Busyness.Busy, 3));
            await session.Rows<IAppointmentWrites>().Save(bookings);
            await session.Rows<ITrailWrites>().Append(Command() with { At = Early }, [.. bookings.Select(booking => Change(ChangeKind.Created, null, booking))], []);
            await session.Replace(bookings[2], second);
            await session.Rows<ITrailWrites>().Append(Command(), [], []);
            await session.Replace(second, third);
            await session.Commit(stopped);
        }

        await Chain.SealWhole(store, Trimmed, perSeal: 2);
        Assert.Equal(3, await Retention.Run(store, Trimmed, Early + Duration.FromDays(1), null, stopped, perBatch: 2));
        Assert.Empty((await Chain.Of(store, Trimmed)).Findings);
        Assert.Empty(await store.FindBroken(stopped).ToListAsync(stopped));
    }
}
