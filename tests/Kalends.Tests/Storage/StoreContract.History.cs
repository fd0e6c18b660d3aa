using Kalends.Appointments;
using Kalends.Audit;
using Kalends.Availability;
using Kalends.Storage;
using NodaTime;
using static Kalends.Tests.Storage.Examples;

namespace Kalends.Tests.Storage;

/// <summary>The trail, read: by appointment, calendar, person and command, and as it was.</summary>
public abstract partial class StoreContract
{
    [Fact]
    public async Task The_trail_is_read_newest_first_by_whatever_leads_to_it()
    {
        var (ana, command) = await Lived();
        await using var session = await Store.Read(Tenant, Stopped);
        var rows = session.Rows<ITrailRows>();
        Assert.Equal(["2.2", "2.1"], await Told(rows, new() { Appointment = Id(2) }));
        Assert.Equal(["touch", "2.2", "3.1", "1.2", "2.1", "1.1"], await Told(rows, new() { Calendar = ana }));
        Assert.Equal(["touch", "3.1", "2.2"], await Told(rows, new() { Person = Ben }));
        Assert.Equal(["1.2"], await Told(rows, new() { Command = command }));
        Assert.Equal(["2.2"], await Told(rows, new() { Appointment = Id(2), Person = Ben }));
        Assert.Equal(["2.2", "3.1", "1.2"], await Told(rows, new() { Calendar = ana, From = Second(2), To = Second(4) }));
        Assert.Empty(await Told(rows, new() { Calendar = ana + 9 }));
        Assert.Empty(await Told(rows, new() { Appointment = Id(9) }));
        await using var other = await Store.Read("globex", Stopped);
        Assert.Empty(await Told(other.Rows<ITrailRows>(), new() { Appointment = Id(2) }));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public async Task Pages_of_the_trail_go_on_after_a_place(int limit)
    {
        var (ana, command) = await Lived();
        await using var session = await Store.Read(Tenant, Stopped);
        var rows = session.Rows<ITrailRows>();
        TrailQuestion[] questions = [new() { Appointment = Id(2) }, new() { Calendar = ana }, new() { Person = Ben }, new() { Command = command },
            new() { Calendar = ana, Person = Ben }];
        foreach (var asked in questions)
        {
            var (found, place) = (new List<TrailEntry>(), (TrailPlace?)null);
            while (await rows.Page(asked, place, limit) is { Count: > 0 } page)
            {
                Assert.True(page.Count <= limit);
                found.AddRange(page);
                place = TrailPlace.Of(page[^1]);
            }

            Assert.Equal(await Told(rows, asked), found.Select(Told));
        }
    }

    [Fact]
    public async Task An_entry_says_who_did_what_and_one_without_an_appointment_what_it_carried()
    {
        var (ana, command) = await Lived();
        await using var session = await Store.Read(Tenant, Stopped);
        var rows = session.Rows<ITrailRows>();
        var entry = Assert.Single(await rows.Page(new() { Command = command }, null, 9));
        Assert.Equal((Now + Duration.FromSeconds(2), Ana, "web", "save-appointments"), (entry.At, entry.By, entry.App, entry.Command));
        Assert.Equal((command, "trace-1", Id(1), (ChangeKind?)ChangeKind.Modified, 2L), (entry.CommandId, entry.RequestId, entry.Appointment, entry.Kind, entry.Version));
        Assert.Equal(Booking(1, ana, From, To).Appointment.Json, entry.Before);
        Assert.Equal(Booking(1, ana, From, To, Busyness.Busy, 2, ana).Appointment.Json, entry.After);
        Assert.Null(entry.Data);
        var touch = (await rows.Page(new() { Calendar = ana }, null, 1))[0];
        Assert.Equal([Ana], touch.Calendars);
        Assert.Equal("{}"u8.ToArray(), touch.Data);
        Assert.Equal(6, touch.CalendarVersion);
        Assert.Null(touch.Appointment);
    }

    [Fact]
    public async Task An_appointments_last_entry_is_known_as_of_a_moment_and_with_a_version()
    {
        await Lived();
        await using var session = await Store.Read(Tenant, Stopped);
        var rows = session.Rows<ITrailRows>();
        Guid[] all = [Id(1), Id(2), Id(3), Id(9)];
        Assert.Equal(["1.2", "2.2", "3.1"], (await rows.LastOf(all)).OrderBy(pair => pair.Key).Select(pair => Told(pair.Value)));
        Assert.Equal(["1.1", "2.1"], (await rows.LastOf(all, Second(1))).OrderBy(pair => pair.Key).Select(pair => Told(pair.Value)));
        Assert.Equal(["1.2", "2.2"], (await rows.LastOf(all, Second(2))).OrderBy(pair => pair.Key).Select(pair => Told(pair.Value)));
        Assert.Empty(await rows.LastOf([], Second(2)));
        var versions = new Dictionary<Guid, long> { [Id(1)] = 1, [Id(2)] = 2, [Id(3)] = 7 };
        Assert.Equal(["1.1", "2.2"], (await rows.WithVersion(versions)).OrderBy(pair => pair.Key).Select(pair => Told(pair.Value)));
    }

    [Fact]
    public async Task What_occurrences_said_last_by_themselves_is_known_up_to_a_cut()
    {
        var ana = await Commit(session => session.Key(Ana));
        Booking Occurrence(int number, long version) => Booking(number, ana, From, To, Busyness.Busy, version, ana) is var booking
            ? booking with { Appointment = booking.Appointment with { Series = Id(1), Detached = true } } : throw new InvalidOperationException();
        await Save(1, Ana, ChangeKind.Created, null, Booking(1, ana, From, To));
        await Save(2, Ana, ChangeKind.Created, null, Occurrence(2, 1), Id(1));
        await Save(3, Ana, ChangeKind.Created, null, Occurrence(3, 1), Id(1));
        await Save(4, Ana, ChangeKind.Modified, Occurrence(2, 1), Occurrence(2, 2), Id(1));
        await using var session = await Store.Read(Tenant, Stopped);
        var rows = session.Rows<ITrailRows>();
        Assert.Equal(["2.2", "3.1"], (await rows.LastOfOccurrences(Id(1), TrailCut.Now)).Select(Told).Order());
        Assert.Equal(["2.1", "3.1"], (await rows.LastOfOccurrences(Id(1), new(long.MaxValue, Second(3)))).Select(Told).Order());
        var second = (await rows.LastOf([Id(2)], Second(2)))[Id(2)].Seq;
        Assert.Equal(["2.1"], (await rows.LastOfOccurrences(Id(1), new(second, long.MaxValue))).Select(Told));
        Assert.Equal(["2.2", "3.1", "2.1", "1.1"], await Told(rows, new() { Appointment = Id(1) }));
        Assert.Equal(["2.2", "2.1", "1.1"], await Told(rows, new() { Appointment = Id(2), Series = Id(1) }));
    }

    private static long Second(int second) => Now.ToUnixTimeSeconds() + second;

    private static string Told(TrailEntry entry) =>
        entry.Appointment is { } id ? $"{Convert.ToInt32(id.ToString("N")[20..], 16)}.{entry.Version}" : "touch";

    private static async Task<List<string>> Told(ITrailRows rows, TrailQuestion asked) => [.. (await rows.Page(asked, null, 100)).Select(Told)];

    /// <summary>Three appointments and a calendar that is touched, by two people; the answer is the calendar and the command that changed the first.</summary>
    private async Task<(long Ana, Guid Command)> Lived()
    {
        var ana = await Commit(session => session.Key(Ana));
        await Save(0, Ana, ChangeKind.Created, null, Booking(1, ana, From, To));
        await Save(1, Ana, ChangeKind.Created, null, Booking(2, ana, From, To));
        var command = await Save(2, Ana, ChangeKind.Modified, Booking(1, ana, From, To), Booking(1, ana, From, To, Busyness.Busy, 2, ana));
        await Save(3, Ben, ChangeKind.Created, null, Booking(3, ana, From, To));

        // Begun before the one that was committed just now.
        await Save(2, Ben, ChangeKind.Modified, Booking(2, ana, From, To), Booking(2, ana, From, To, Busyness.Busy, 2, ana));
        await Commit(async session => await session.Rows<ITrailWrites>().Append(
            Command() with { Person = Ben, At = Now + Duration.FromSeconds(5) }, [], [ana]));
        return (ana, command);
    }

    private async Task<Guid> Save(int second, CalendarId by, ChangeKind kind, Booking? before, Booking after, Guid? series = null)
    {
        var command = Command() with { At = Now + Duration.FromSeconds(second), Person = by };
        await Commit(async session =>
        {
            await session.Rows<IAppointmentWrites>().Save([after]);
            await session.Rows<ITrailWrites>().Append(command, [Change(kind, before, after) with { Series = series }], []);
        });
        return command.Id;
    }
}
