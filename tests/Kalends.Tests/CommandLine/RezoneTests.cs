using System.Text.Json.Nodes;
using Kalends.Time;

namespace Kalends.Tests.CommandLine;

/// <summary>
/// Appointments saved under an older release of the time zones, and what the program with its own release makes of them. The year lies far
/// enough ahead for the real clock that processes have; both releases say of it what they say of any year after 2023.
/// </summary>
public sealed class RezoneTests : IDisposable
{
    /// <summary>In order of id: the first three differ, by one hour each.</summary>
    private const string Appointments = """
        {"appointments":[
         {"id":"00000000-0000-0000-0000-000000000001","title":"Summer","start":"2047-07-01T09:00:00","timeZone":"America/Mexico_City","duration":"PT1H",
          "attendees":[{"calendar":"user:eva"},{"calendar":"room:mexico-1"}]},
         {"id":"00000000-0000-0000-0000-000000000002","title":"Next","start":"2047-07-01T10:00:00","timeZone":"America/Mexico_City","duration":"P1DT1H",
          "attendees":[{"calendar":"user:eva"},{"calendar":"room:mexico-1"}],"managedByApp":true},
         {"id":"00000000-0000-0000-0000-000000000003","title":"Winter","start":"2047-01-15T09:00:00","timeZone":"Asia/Amman","duration":"PT1H"},
         {"id":"00000000-0000-0000-0000-000000000004","title":"Winter too","start":"2047-01-15T09:00:00","timeZone":"America/Mexico_City","duration":"PT1H"},
         {"id":"00000000-0000-0000-0000-000000000005","title":"Paris","start":"2047-07-01T09:00:00","timeZone":"Europe/Paris","duration":"PT1H"},
         {"id":"00000000-0000-0000-0000-000000000006","title":"Past","start":"2025-07-01T09:00:00","timeZone":"America/Mexico_City","duration":"PT1H"},
         {"id":"00000000-0000-0000-0000-000000000007","title":"Fair","start":"2047-07-03T00:00:00","allDay":true,"duration":"P2D","freeBusyStatus":"busy",
          "attendees":[{"calendar":"user:eva"},{"calendar":"user:ben"}]}]}
        """;

    private const string Spans = "SELECT title, version, datetime(start_at, 'unixepoch'), datetime(end_at, 'unixepoch') FROM appointment ORDER BY id";

    private const string Attendances = """
        SELECT p.title, c.id, datetime(a.start_at, 'unixepoch'), datetime(a.end_at, 'unixepoch') FROM attendance a
        JOIN calendar c ON c.key = a.calendar AND c.tenant = a.tenant JOIN appointment p ON p.id = a.appointment ORDER BY p.id, c.id
        """;

    private const string Release = "SELECT value FROM meta WHERE name = 'time-zones'";

    private readonly OlderZones zones = new();

    public void Dispose() => zones.Dispose();

    [Fact]
    public async Task A_dry_run_lists_exactly_what_differs_and_changes_nothing()
    {
        await Seed();
        var before = zones.Rows(Spans).Concat(zones.Rows(Attendances)).Concat(zones.Rows("SELECT count(*) FROM command")).ToList();
        var said = await zones.Now("rezone", "--dry-run");
        Assert.Equal(0, said.Code);
        var listed = said.Out.Split('\n').Where(line => line.Contains("00000000-", StringComparison.Ordinal)).ToList();
        Assert.Equal(4, listed.Count);
        Assert.Matches(@"demo.*01 \| Summer \| America/Mexico_City +\| 2047-07-01T09:00 \| 2047-07-01T14:00Z/2047-07-01T15:00Z \| 2047-07-01T15:00Z/2047-07-01T16:00Z", listed[0]);
        Assert.Matches(@"Next .*T15:00Z/2047-07-02T16:00Z .*T16:00Z/2047-07-02T17:00Z", listed[1]);
        Assert.Matches(@"Winter +\| Asia/Amman .*T07:00Z/2047-01-15T08:00Z .*T06:00Z/2047-01-15T07:00Z", listed[2]);
        Assert.Matches(@"Fair +\| America/Mexico_City of user:eva +\| 2047-07-03 +\| 2047-07-03T05:00Z/2047-07-05T05:00Z \| 2047-07-03T06:00Z/2047-07-05T06:00Z", listed[3]);
        Assert.Matches(@"demo +\| 7 +\| 3 +\| 1 +\| 0 ", said.Out);
        Assert.Contains($"are of {OlderZones.Release} still, this program's time zones of {Zones.Release}", said.Error, StringComparison.Ordinal);
        Assert.Equal(before, zones.Rows(Spans).Concat(zones.Rows(Attendances)).Concat(zones.Rows("SELECT count(*) FROM command")));
        Assert.Equal([OlderZones.Release], zones.Rows(Release));
    }

    [Fact]
    public async Task Local_times_are_kept_and_spans_follow_with_trail_and_publication()
    {
        await Seed();
        var said = await zones.Now("rezone");
        Assert.Equal(0, said.Code);
        Assert.Matches(@"demo +\| 7 +\| 3 +\| 1 +\| 0 ", said.Out);
        Assert.Equal(
            [
                "Summer 2 2047-07-01 15:00:00 2047-07-01 16:00:00", "Next 2 2047-07-01 16:00:00 2047-07-02 17:00:00",
                "Winter 2 2047-01-15 06:00:00 2047-01-15 07:00:00", "Winter too 1 2047-01-15 15:00:00 2047-01-15 16:00:00",
                "Paris 1 2047-07-01 07:00:00 2047-07-01 08:00:00", "Past 1 2025-07-01 14:00:00 2025-07-01 15:00:00",
                "Fair 1 2047-07-03 00:00:00 2047-07-05 00:00:00",
            ],
            zones.Rows(Spans));
        Assert.Equal(
            ["2047-07-01T09:00:00 2047-07-01T15:00:00Z"], zones.Rows("SELECT body ->> '$.start', body ->> '$.span.from' FROM appointment WHERE title = 'Summer'"));
        var attendances = zones.Rows(Attendances);
        Assert.Contains("Summer room:mexico-1 2047-07-01 15:00:00 2047-07-01 16:00:00", attendances);
        Assert.Contains("Fair user:eva 2047-07-03 06:00:00 2047-07-05 06:00:00", attendances);
        Assert.Contains("Fair user:ben 2047-07-03 00:00:00 2047-07-05 00:00:00", attendances);
        Assert.Equal([Zones.Release], zones.Rows(Release));
        CheckTrail();

        var rooms = await zones.Now(
            "find-openings", "--json",
            """{"timespan":{"from":"2047-07-01T14:00:00Z","to":"2047-07-01T17:00:00Z"},"attendees":["room:mexico-1"],"duration":"PT30M"}""");
        var opening = Assert.Single(JsonNode.Parse(rooms.Out)!["openings"]!.AsArray())!;
        Assert.Equal(("2047-07-01T14:00:00Z", "2047-07-01T15:00:00Z"), ((string)opening["from"]!, (string)opening["to"]!));
    }

    [Fact]
    public async Task Running_it_again_does_nothing_and_verify_is_sound_before_and_after()
    {
        await Seed();
        var before = await zones.Now("verify");
        Assert.True(before.Code == 0, before.Out);
        Assert.Contains(
            $"worked out with the time zones of {OlderZones.Release}, this program has {Zones.Release}: run kalends rezone", before.Error, StringComparison.Ordinal);
        await zones.Now("rezone");
        const string Everything = "SELECT id, version FROM calendar UNION ALL SELECT 'commands', count(*) FROM command UNION ALL SELECT 'outbox', count(*) FROM outbox";
        var after = zones.Rows(Everything);
        var again = await zones.Now("rezone");
        Assert.Equal(0, again.Code);
        Assert.Matches(@"demo +\| 7 +\| 0 +\| 0 +\| 0 ", again.Out);
        Assert.Equal(after, zones.Rows(Everything));
        var sound = await zones.Now("verify");
        Assert.True(sound.Code == 0, sound.Out);
        Assert.DoesNotContain("rezone", sound.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_place_that_is_taken_is_lost_and_said_so()
    {
        await zones.Saved("save-calendars", """{"calendars":[{"calendar":"room:day","kind":"room","timeZone":"America/Mexico_City"}]}""");
        await zones.Saved("save-appointments", """
            {"appointments":[
             {"id":"00000000-0000-0000-0000-000000000001","title":"Moves","start":"2047-07-01T09:00:00","timeZone":"America/Mexico_City","duration":"PT1H",
              "attendees":[{"calendar":"user:eva"},{"calendar":"room:one"}]},
             {"id":"00000000-0000-0000-0000-000000000002","title":"Stays","start":"2047-07-01T15:30:00","timeZone":"UTC","duration":"PT1H",
              "attendees":[{"calendar":"user:ben"},{"calendar":"room:one"}]},
             {"id":"00000000-0000-0000-0000-000000000003","title":"Days","start":"2047-07-01T00:00:00","allDay":true,"freeBusyStatus":"busy",
              "attendees":[{"calendar":"user:eva"},{"calendar":"room:day"}]},
             {"id":"00000000-0000-0000-0000-000000000004","title":"Night","start":"2047-07-02T05:00:00","timeZone":"UTC","duration":"PT1H",
              "attendees":[{"calendar":"user:ben"},{"calendar":"room:day"}]}]}
            """);
        foreach (var mode in new[] { "--dry-run", "" })
        {
            var said = await zones.Now(["rezone", .. mode.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
                Assert.Equal(0, said.Code);
            Assert.Matches(@"01 \| room:one +\| 2047-07-01T15:00Z/2047-07-01T16:00Z", said.Out);
            Assert.Matches(@"03 \| room:day +\| 2047-07-01T06:00Z/2047-07-02T06:00Z", said.Out);
            Assert.Matches(@"demo +\| 4 +\| 1 +\| 1 +\| 2 ", said.Out);
        }

        Assert.Equal(
            ["Moves 2 needs-action declined", "Stays 1 needs-action accepted", "Days 2 needs-action declined", "Night 1 needs-action accepted"],
            zones.Rows("SELECT title, version, body ->> '$.attendees[0].response', body ->> '$.attendees[1].response' FROM appointment ORDER BY id"));
        var verified = await zones.Now("verify");
        Assert.True(verified.Code == 0, verified.Out);
    }

    [Fact]
    public async Task One_tenant_alone_does_not_change_the_release_of_the_store()
    {
        await zones.Saved("save-appointments", Appointments, "acme");
        await zones.Saved("save-appointments", Appointments, "globex");
        var one = await zones.Now("rezone", "--tenant", "acme");
        Assert.Matches(@"acme +\| 7 +\| 3 ", one.Out);
        Assert.DoesNotContain("globex", one.Out, StringComparison.Ordinal);
        Assert.Equal([OlderZones.Release], zones.Rows(Release));
        Assert.Equal(1, (await zones.Now("rezone", "--tenant", "nobody")).Code);
        var all = await zones.Now("rezone");
        Assert.Matches(@"acme +\| 7 +\| 0 ", all.Out);
        Assert.Matches(@"globex +\| 7 +\| 3 ", all.Out);
        Assert.Equal([Zones.Release], zones.Rows(Release));
    }

    [Fact]
    public async Task A_zone_that_the_database_in_force_lacks_is_named_and_the_store_keeps_its_release()
    {
        var save = zones.PathOf("coyhaique.json", """
            {"appointments":[{"title":"South","start":"2047-07-01T09:00:00","timeZone":"America/Coyhaique","duration":"PT1H"}]}
            """);
        Assert.Equal(0, (await zones.Now("save-appointments", save)).Code);
        var before = zones.Rows(Spans);
        var said = await zones.Before("rezone");
        Assert.Equal(1, said.Code);
        Assert.Contains($"the time zones of {OlderZones.Release} do not have America/Coyhaique (1 appointments)", said.Error, StringComparison.Ordinal);
        Assert.Equal(before, zones.Rows(Spans));
        Assert.Equal([Zones.Release], zones.Rows(Release));
    }

    private async Task Seed()
    {
        await zones.Saved("save-calendars", """{"calendars":[{"calendar":"user:eva","kind":"user","timeZone":"America/Mexico_City"}]}""");
        await zones.Saved("save-appointments", Appointments);
    }

    private void CheckTrail()
    {
        Assert.Equal(
            ["Summer 1 2 service:cli", "Next 1 2 service:cli", "Winter 1 2 service:cli"],
            zones.Rows("""
                SELECT t.after ->> '$.title', t.before ->> '$.version', t.after ->> '$.version', c.person FROM trail t
                JOIN command c ON c.id = t.command AND c.name = 'rezone-appointments' WHERE t.kind = 'modified' ORDER BY t.seq
                """));
        Assert.Equal([Zones.Release + " 4"], zones.Rows("SELECT data ->> '$.release', data ->> '$.appointments' FROM command WHERE name = 'rezone-appointments'"));
        Assert.Equal(
            ["2047-07-01T14:00:00Z 2047-07-01T15:00:00Z"],
            zones.Rows("""
                SELECT data ->> '$.previousTimespan.from', data ->> '$.timespan.from' FROM outbox
                WHERE type = 'kalends.appointment.modified.v1' AND subject LIKE '%01'
                """));
        Assert.Equal(["3"], zones.Rows("SELECT count(*) FROM outbox WHERE type = 'kalends.appointment.modified.v1'"));
        Assert.Equal(
            ["room:mexico-1", "service:cli", "user:eva"],
            zones.Rows("""
                SELECT DISTINCT k.id FROM trail t JOIN command c ON c.id = t.command AND c.name = 'rezone-appointments', json_each(t.versions) v
                JOIN calendar k ON k.tenant = t.tenant AND k.key = v.key ORDER BY k.id
                """));
    }
}
