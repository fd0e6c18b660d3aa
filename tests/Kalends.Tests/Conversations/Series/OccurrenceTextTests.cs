using System.Text;
using CsCheck;
using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Messages.Json;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Tests.Conversations.Series;

/// <summary>The JSON of an occurrence is written over its series' first; it must be what writing it whole would be, whatever the series says.</summary>
public sealed class OccurrenceTextTests
{
    private static readonly string[] Traps =
    [
        "\"", "\\", "\"start\":\"", "{\"id\":\"", "\"span\":{\"from\":\"", "\"to\":\"", "\"series\":{\"id\":\"", "\"recurrenceId\":\"", "\\\"start\\\":\\\"",
        "\"recurrence\":{", "é", "💩", "\u2028", "\u0000", "\r\n", "</script>", "日本", " ", "2026-11-02T09:00:00", ",", "}",
    ];

    private static readonly string[] Members = ["start", "span", "from", "to", "series", "id", "recurrenceId", "recurrence", "\"start\":\""];

    private static readonly Gen<string> Texts = Gen.Int[0, Traps.Length - 1].List[0, 8].Select(places => string.Concat(places.Select(place => Traps[place])));

    private static readonly Gen<Dictionary<string, string>> Maps = Gen.Dictionary(
        Gen.OneOf(Gen.Int[0, Members.Length - 1].Select(place => Members[place]), Texts), Texts)[0, 6];

    private static readonly Gen<Appointment> All = Gen.Select(Gen.Guid, Texts, Texts, Maps, Gen.Select(Gen.Bool, Gen.Bool, Gen.Int[0, 4_000])).Select(
        (id, title, other, metadata, rest) => Make(id, title, other, metadata, rest.Item1, rest.Item2, rest.Item3));

    [Fact]
    public void An_occurrence_written_over_the_first_is_what_it_would_be_written_whole() => All.Sample(
        series =>
        {
            var row = Bookings.Row(series, 1, WireJson.Write(series));
            var (fromRow, fromBoth) = (new OccurrenceText(row), new OccurrenceText(row, series));
            var occurrences = new SeriesOccurrences(series).Starting(-SeriesOccurrences.End, SeriesOccurrences.End).Take(4)
                .Concat(new SeriesOccurrences(series).Starting(5_000_000_000, SeriesOccurrences.End).Take(3)).ToList();
            Assert.True(occurrences.Count > 1);
            foreach (var occurrence in occurrences)
            {
                var id = OccurrenceIds.Of(series.Id!.Value, occurrence.Key);
                var whole = WireJson.Write(OccurrenceText.Of(series, id, occurrence));
                Assert.Equal(Encoding.UTF8.GetString(whole), Encoding.UTF8.GetString(fromRow.Row(id, occurrence).Json));
                Assert.Equal(Encoding.UTF8.GetString(whole), Encoding.UTF8.GetString(fromBoth.Row(id, occurrence).Json));
                Assert.Equal(WireJson.Write(WireJson.Read<Appointment>(whole)), whole);
                Assert.False(fromRow.Row(id, occurrence).IsSeries);
            }

            Assert.True(row.IsSeries);
        },
        iter: 3_000, print: series => WireJson.Write(series) is var json ? Encoding.UTF8.GetString(json) : "");

    [Theory]
    [InlineData("FREQ=HOURLY", "2026-10-24T22:30:00", "Europe/Paris")]
    [InlineData("FREQ=MINUTELY;INTERVAL=10", "2026-10-24T22:30:00", "Europe/Paris")]
    [InlineData("FREQ=MINUTELY;INTERVAL=10", "2026-04-04T22:30:00", "Australia/Lord_Howe")]
    [InlineData("FREQ=DAILY", "2026-03-20T02:30:00", "Europe/Paris")]
    [InlineData("FREQ=DAILY", "2026-10-20T02:30:00", "America/New_York")]
    [InlineData("FREQ=HOURLY;INTERVAL=6", "2011-12-28T06:30:00", "Pacific/Apia")]
    public void Each_occurrence_is_found_by_its_key_and_no_other(string rule, string start, string zone)
    {
        var series = new Appointment
        {
            Id = new Guid("019ab0c2-0000-7000-8000-000000000001"),
            Start = NodaTime.Text.LocalDateTimePattern.GeneralIso.Parse(start).Value,
            TimeZone = zone,
            Duration = NominalDuration.OfMinutes(5),
            Recurrence = new() { Rule = rule, Added = [], Excluded = [] },
        };
        var occurrences = new SeriesOccurrences(series);
        var all = occurrences.Starting(-SeriesOccurrences.End, SeriesOccurrences.End).Take(400).ToList();
        Assert.Equal(400, all.Select(occurrence => occurrence.Key).Distinct().Count());
        Assert.Equal(all.OrderBy(occurrence => occurrence.From), all);
        foreach (var occurrence in all)
        {
            Assert.Equal(occurrence, occurrences.Find(occurrence.Key));
            Assert.Null(occurrences.Find(OccurrenceKey.Of(occurrence.Key.Local.PlusSeconds(1), occurrence.Key.IsSecondPassing)));
            var other = OccurrenceKey.Of(occurrence.Key.Local, !occurrence.Key.IsSecondPassing);
            Assert.Equal(all.Where(one => one.Key == other).Select(one => (Occurrence?)one).SingleOrDefault(), occurrences.Find(other));
        }
    }

    private static Appointment Make(Guid id, string title, string other, Dictionary<string, string> metadata, bool allDay, bool full, int days)
    {
        var start = new LocalDateTime(2020, 1, 1, allDay ? 0 : 2, allDay ? 0 : 30).PlusDays(days);
        return Completion.Retimed(new Appointment
        {
            Id = id,
            Uid = other + "@kalends",
            Version = 1 + days,
            Owner = new CalendarId("user:\"start\":\""),
            Status = AppointmentStatus.Confirmed,
            Title = title,
            Description = full ? other : null,
            Location = full ? title + other : null,
            Start = start,
            TimeZone = allDay ? null : "America/New_York",
            Duration = allDay ? NominalDuration.OfDays(1) : NominalDuration.OfMinutes(90),
            EndTimeZone = full && !allDay ? "Europe/Paris" : null,
            AllDay = allDay,
            Attendees = [new Attendee { Calendar = new CalendarId("user:\"series\":{\"id\":\""), Role = AttendeeRole.Chair, Response = AttendeeResponse.Accepted }],
            FreeBusyStatus = FreeBusyStatus.Busy,
            Privacy = Privacy.Public,
            Recurrence = new() { Rule = "FREQ=DAILY;INTERVAL=3", Added = [], Excluded = [start.PlusDays(3)] },
            Series = full ? new() { Previous = id, Next = id } : null,
            Links = full ? [new Link { Uri = "https://example.com/?\"start\":\"", Title = other }] : null,
            Metadata = metadata,
            App = "web",
            Originator = new CalendarId("user:ana"),
        });
    }
}
