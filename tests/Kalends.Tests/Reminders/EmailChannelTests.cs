using Kalends.Appointments;
using Kalends.Availability;
using Kalends.Reminders;
using Kalends.Server.Http;
using Kalends.Server.Reminders;
using Kalends.Storage;
using Kalends.Tests.Postgres;
using Kalends.Time;
using MimeKit;
using NodaTime;

namespace Kalends.Tests.Reminders;

/// <summary>Reminders by mail, through a real server: what arrives, what it can be made to carry, and what counts as sent.</summary>
public sealed class EmailChannelTests(MailRelay relay) : IClassFixture<MailRelay>
{
    private static readonly Instant Start = Instant.FromUtc(2026, 11, 23, 8, 0);

    [Fact]
    public async Task A_mail_says_what_when_and_where_in_plain_and_HTML_and_has_the_appointment_with_it()
    {
        Assert.Equal(SendEnd.Sent, (await Send(Reminder("ana@example.com", "Budget & <plans>", "Room 3")))[0].End);
        var (_, mail) = Assert.Single(relay.Messages("ana@example.com"));
        Assert.Equal("Reminder: Budget & <plans>", mail.Subject);
        Assert.Equal("Calendar <calendar@kalends.example>", mail.From.ToString().Replace("\"", "", StringComparison.Ordinal));
        Assert.Equal(("auto-generated", "<reminders.kalends.example>"), (mail.Headers["Auto-Submitted"], mail.Headers[HeaderId.ListId]));
        Assert.Matches("^[0-9a-f-]{36}@kalends.example$", mail.MessageId);
        Assert.Equal(["Budget & <plans>", "When: Mon 23 Nov 2026, 09:00 (Europe/Paris)", "Where: Room 3"], mail.TextBody!.ReplaceLineEndings("\n").Trim().Split('\n'));
        Assert.Contains("<b>Budget &amp; &lt;plans&gt;</b>", mail.HtmlBody, StringComparison.Ordinal);
        var attached = Assert.IsType<TextPart>(Assert.Single(mail.Attachments), exactMatch: false);
        Assert.Equal(("text/calendar", "appointment.ics"), (attached.ContentType.MimeType, attached.FileName));
        var read = Ical.Net.Calendar.Load(attached.Text)!;
        Assert.Equal("Budget & <plans>", Assert.Single(read.Events).Summary);
    }

    [Theory]
    [InlineData("Lunch\r\nBcc: everybody@example.com")]
    [InlineData("Lunch\nBcc: everybody@example.com\n\nbody")]
    [InlineData("Lunch\rBcc: everybody@example.com")]
    [InlineData("Lunch\u2028Bcc: everybody@example.com\u2029\u0085")]
    [InlineData("\u202Eexe.tnemyap\u202C \u2066isolated\u2069\u200F")]
    [InlineData("<script>alert(1)</script><img src=x onerror=alert(1)>")]
    [InlineData("</b></p><a href=\"https://evil.example\">Click</a>")]
    [InlineData("See https://evil.example/login or www.evil.example, mailto:x@evil.example")]
    [InlineData("=HYPERLINK(\"https://evil.example\")")]
    [InlineData("BEGIN:VCALENDAR\\nEND:VEVENT\nATTENDEE:mailto:x@evil.example")]
    [InlineData("=?utf-8?q?=0D=0ABcc:_x@evil.example?=")]
    public async Task No_text_becomes_a_header_markup_a_link_or_turns_others_around(string text)
    {
        var to = $"injection{Math.Abs(text.GetHashCode(StringComparison.Ordinal))}@example.com";
        Assert.Equal(SendEnd.Sent, (await Send(Reminder(to, text, text)))[0].End);
        var (raw, mail) = Assert.Single(relay.Messages(to));
        Assert.Equal(to, Assert.Single(mail.To.Mailboxes).Address);
        Assert.Null(mail.Headers[HeaderId.Bcc]);
        Assert.Subset(
            new HashSet<string>(StringComparer.OrdinalIgnoreCase)
            {
                "Auto-Submitted", "Content-Type", "Date", "From", "List-Id", "MIME-Version", "Message-Id", "Subject", "To", "X-Auto-Response-Suppress",
            },
            mail.Headers.Select(header => header.Field).ToHashSet(StringComparer.OrdinalIgnoreCase));
        Assert.Equal(1, mail.Headers.Count(header => header.Id == HeaderId.To) * mail.Headers.Count(header => header.Id == HeaderId.Subject));
        foreach (var shown in new[] { mail.Subject, mail.TextBody, mail.HtmlBody })
        {
            Assert.DoesNotMatch("[\u2028\u2029\u0085\u202A-\u202E\u2066-\u2069\u200E\u200F]|://|www\\.[a-z]|mailto:[a-z]", shown);
        }

        Assert.DoesNotMatch("<(?!/?(html|body|p|b)>|!DOCTYPE html>)", mail.HtmlBody);
        Assert.Equal(3, mail.TextBody!.Trim().Split('\n').Length);
        var calendar = Ical.Net.Calendar.Load(((TextPart)mail.Attachments.Single()).Text)!;
        Assert.Single(calendar.Events);
        Assert.DoesNotContain(calendar.Events[0]!.Attendees, attendee => attendee.Value!.ToString().Contains("evil", StringComparison.Ordinal));
        Assert.DoesNotContain("\nBcc:", raw, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task What_the_server_answers_is_what_counts_and_silence_after_the_text_is_not_an_answer()
    {
        var results = await Send(
            Reminder("before@example.com"), Reminder("refused@example.com"), Reminder("later@example.com"), Reminder("silent@example.com"), Reminder("after@example.com"));
        Assert.Equal([SendEnd.Sent, SendEnd.Refused, SendEnd.Later, SendEnd.Unknown, SendEnd.Sent], results.Select(result => result.End));
        Assert.Single(relay.Messages("after@example.com"));
        using var stopped = new CancellationTokenSource();
        await stopped.CancelAsync();
        Assert.Equal(SendEnd.Later, (await Channel(relay.Port).Send([Reminder("never@example.com")], stopped.Token))[0].End);
        Assert.Equal(SendEnd.Later, (await Channel(PrivateCluster.FreePort()).Send([Reminder("away@example.com")], TestContext.Current.CancellationToken))[0].End);
    }

    private Task<IReadOnlyList<SendResult>> Send(params OutgoingReminder[] reminders) =>
        Channel(relay.Port).Send(reminders, TestContext.Current.CancellationToken);

    private static EmailChannel Channel(int port) =>
        new(new() { Host = "127.0.0.1", Port = port, Security = MailSecurity.None, From = "calendar@kalends.example" });

    internal static OutgoingReminder Reminder(string address, string title = "Budget", string? location = null)
    {
        var id = Guid.CreateVersion7();
        return new(id, [new(address)], new Appointment
        {
            Id = id, Uid = $"{id}@kalends", Version = 1, Owner = new("user:ana"), Status = AppointmentStatus.Confirmed, Title = title, Location = location,
            Start = new(2026, 11, 23, 9, 0), TimeZone = "Europe/Paris", Duration = NominalDuration.OfMinutes(45), AllDay = false,
            Span = new(Start, Start + Duration.FromMinutes(45)), FreeBusyStatus = FreeBusyStatus.Busy, Privacy = Privacy.Public,
            Attendees = [new() { Calendar = new("user:ana"), Role = AttendeeRole.Chair, Response = AttendeeResponse.Accepted }],
        }, Calendar.Implied(new("user:ana")) with { TimeZone = "Europe/Paris" }, Start);
    }
}
