using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Messages;
using Kalends.Messages.Json;
using Kalends.Server.CommandLine.Seed;
using Kalends.Time;
using NodaTime;

namespace Kalends.Tests.CommandLine;

public sealed class SeedTests
{
    private static readonly SeedPlan Plan = new(60, 14, 7, new LocalDate(2026, 11, 23));

    [Fact]
    public void The_same_plan_makes_the_same_company_to_the_letter()
    {
        Assert.Equal(Written(Plan), Written(Plan));
        Assert.NotEqual(Written(Plan), Written(Plan with { Seed = 8 }));
    }

    [Fact]
    public void Everything_made_up_is_valid()
    {
        var errors = new Errors();
        errors.Each("appointments", [.. new WorkingWeeks(Plan).Appointments()], AppointmentRules.Check);
        Assert.Empty(errors.Found);
    }

    [Fact]
    public void Ids_are_UUIDs_of_version_7_and_each_comes_once()
    {
        var ids = new WorkingWeeks(Plan).Appointments().Select(appointment => appointment.Id!.Value).ToList();
        Assert.All(ids, id => Assert.Equal(7, id.Version));
        Assert.Equal(ids.Count, ids.Distinct().Count());
    }

    [Fact]
    public void No_room_is_taken_twice() => Assert.All(
        from appointment in new WorkingWeeks(Plan).Appointments()
        where appointment.AllDay != true
        let span = LocalSpans.Timed(appointment.Start!.Value, Zones.Get(appointment.TimeZone!), appointment.Duration!.Value, DaylightSavingPolicy.Rfc5545)
        from attendee in appointment.Attendees ?? []
        where attendee.Role == AttendeeRole.Resource
        group span by attendee.Calendar,
        room =>
        {
            var spans = room.OrderBy(span => span.From).ToList();
            Assert.All(spans.Zip(spans.Skip(1)), pair => Assert.False(pair.First.Overlaps(pair.Second), $"{room.Key}: {pair}"));
        });

    [Fact]
    public void A_person_has_about_five_appointments_a_working_day()
    {
        var entries = new WorkingWeeks(Plan).Appointments().Sum(appointment => Times(appointment)
            * Math.Max(1, appointment.Attendees?.Count(attendee => attendee.Calendar.Value.StartsWith("user:", StringComparison.Ordinal)) ?? 1));
        Assert.InRange(entries / (Plan.People * 10.0), 4, 6.5);
    }

    [Fact]
    public void There_is_something_of_every_kind()
    {
        var made = new WorkingWeeks(Plan with { Days = 40 }).Appointments().ToList();
        Assert.Equal(3, made.Select(appointment => appointment.Privacy ?? Privacy.Public).Distinct().Count());
        Assert.Contains(made, appointment => appointment.Status == AppointmentStatus.Tentative);
        Assert.Contains(made, appointment => appointment is { AllDay: true, FreeBusyStatus: FreeBusyStatus.OutOfOffice });
        Assert.Equal(4, made.SelectMany(appointment => appointment.Attendees ?? []).Select(attendee => attendee.Response).Distinct().Count());
        Assert.Contains(made, appointment => appointment.Attendees?.Count is >= 10);
    }

    /// <summary>How often it comes in the days that were made up.</summary>
    private static int Times(Appointment appointment) => appointment.Recurrence is null ? 1
        : new SeriesOccurrences(appointment).Starting(0, Plan.From.PlusDays(Plan.Days).AtMidnight().InUtc().ToInstant().ToUnixTimeSeconds()).Count();

    private static string Written(SeedPlan plan) =>
        System.Text.Encoding.UTF8.GetString(WireJson.Write(new WorkingWeeks(plan).Appointments().ToList()));
}
