using System.Runtime.CompilerServices;
using System.Text;
using Kalends.Appointments;
using Kalends.ICalendar;
using Kalends.Reminders;
using Kalends.Server.Http;
using Kalends.Storage;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;
using NodaTime;

namespace Kalends.Server.Reminders;

/// <summary>
/// Email by SMTP, one connection for a batch: plain text, HTML and the appointment as iCalendar. What the server answers counts; where it falls silent after it
/// was given the text, nobody knows.
/// </summary>
internal sealed class EmailChannel(EmailSettings settings) : IReminderChannel
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan PatienceAtTheEnd = TimeSpan.FromSeconds(1);

    private readonly MailboxAddress from = new(Encoding.UTF8, settings.FromName, MailboxAddress.Parse(settings.From!).Address);

    public ReminderChannel Kind => ReminderChannel.Email;

    public ValueTask<IReadOnlyDictionary<CalendarId, IReadOnlyList<ReminderAddress>>> AddressesOf(IReadOnlyCollection<Calendar> people, IReadSession session) =>
        ReminderAddress.In(people, person => person.Email);

    public int AtOnce => 1;

    public async IAsyncEnumerable<IReadOnlyList<SendResult>> Send(
        IAsyncEnumerable<IReadOnlyList<OutgoingReminder>> reminders, [EnumeratorCancellation] CancellationToken stopped)
    {
        using var client = new SmtpClient();
        await foreach (var some in reminders.WithCancellation(stopped))
        {
            if ((stopped.IsCancellationRequested ? "its process ended" : client.IsConnected ? null : await Connect(client)) is { } away)
            {
                yield return [.. some.Select(_ => new SendResult(SendEnd.Later, away))];
                break;
            }

            yield return [await Send(client, some.Single())];
        }

        await End(client);
    }

    /// <summary>The answer is why it could not.</summary>
    private async Task<string?> Connect(SmtpClient client)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await client.ConnectAsync(settings.Host!, settings.Port, Security, patience.Token);
            if (settings.User is not null)
            {
                await client.AuthenticateAsync(settings.User, settings.Password!, patience.Token);
            }

            return null;
        }
        catch (Exception fault) when (IsOfTheWorld(fault))
        {
            return $"the mail server cannot be used: {fault.GetType().Name}";
        }
    }

    private async Task<SendResult> Send(SmtpClient client, OutgoingReminder reminder)
    {
        using var patience = new CancellationTokenSource(Patience);
        var given = new GivenText();
        try
        {
            await client.SendAsync(Message(reminder), patience.Token, given);
            return SendResult.Sent;
        }
        catch (SmtpCommandException refused)
        {
            // Said by the server in so many words: 4yz is for later, 5yz for ever (RFC 5321 §4.2.1).
            return new((int)refused.StatusCode < 500 ? SendEnd.Later : SendEnd.Refused, $"the mail server said {(int)refused.StatusCode}");
        }
        catch (Exception fault) when (IsOfTheWorld(fault))
        {
            await End(client);
            return new(given.Any ? SendEnd.Unknown : SendEnd.Later, $"the mail server fell silent: {fault.GetType().Name}");
        }
    }

    private static async Task End(SmtpClient client)
    {
        using var patience = new CancellationTokenSource(PatienceAtTheEnd);
        try
        {
            await client.DisconnectAsync(quit: true, patience.Token);
        }
        catch (Exception fault) when (IsOfTheWorld(fault))
        {
            // Whatever was sent was answered before; who does not say goodbye is left.
            client.Dispose();
        }
    }

    private MimeMessage Message(OutgoingReminder reminder)
    {
        var message = new MimeMessage { Subject = ReminderText.Subject(reminder), MessageId = $"{reminder.Id}@{from.Domain}" };
        message.From.Add(from);
        message.To.Add(new MailboxAddress("", reminder.Address));
        // Nobody's absence is to answer it (RFC 3834 §5), and filters are to know it (RFC 2919).
        message.Headers.Add("Auto-Submitted", "auto-generated");
        message.Headers.Add("X-Auto-Response-Suppress", "All");
        message.Headers.Add(HeaderId.ListId, $"<reminders.{from.Domain}>");
        var body = new BodyBuilder { TextBody = ReminderText.Plain(reminder), HtmlBody = ReminderText.Html(reminder) };
        body.Attachments.Add("appointment.ics", Encoding.UTF8.GetBytes(Calendar(reminder)), new ContentType("text", "calendar") { Charset = "utf-8" });
        message.Body = body.ToMessageBody();
        return message;
    }

    /// <summary>An occurrence by itself, under a UID of its own: it is not to take the place of its series in somebody's calendar.</summary>
    private static string Calendar(OutgoingReminder reminder)
    {
        var says = reminder.Says.Series is null ? reminder.Says : reminder.Says with { Uid = $"{reminder.Says.Id}@kalends", Series = null, Recurrence = null };
        var head = new CalendarHead(null, reminder.Person.ZoneOrUtc, says.UpdatedAt ?? Instant.FromUnixTimeSeconds(0));
        return string.Concat(CalendarWriter.Write([says], head));
    }

    private SecureSocketOptions Security => settings.Security switch
    {
        MailSecurity.None => SecureSocketOptions.None,
        MailSecurity.StartTls => SecureSocketOptions.StartTls,
        _ => SecureSocketOptions.SslOnConnect,
    };

    private static bool IsOfTheWorld(Exception fault) => fault is IOException or System.Net.Sockets.SocketException or OperationCanceledException
        or ProtocolException or CommandException or ServiceNotConnectedException or ServiceNotAuthenticatedException or AuthenticationException
        or SslHandshakeException or NotSupportedException or TimeoutException;

    /// <summary>Whether any of the text has been handed to the server.</summary>
    private sealed class GivenText : ITransferProgress
    {
        public bool Any { get; private set; }

        public void Report(long bytesTransferred, long totalSize) => Any = true;

        public void Report(long bytesTransferred) => Any = true;
    }
}
