using System.Diagnostics;
using System.Net.Sockets;
using Kalends.Tests.Postgres;
using MimeKit;

namespace Kalends.Tests.Reminders;

/// <summary>
/// A real SMTP server (aiosmtpd, of Debian) in a process of its own, which keeps what it is sent as files. Who is called refused, later, silent or slow is
/// refused for good, put off, taken without an answer, or answered after half a minute.
/// </summary>
public sealed class MailRelay : IAsyncLifetime
{
    private const string Script = """
        import asyncio, os, tempfile

        class Relay:
            def __init__(self, folder):
                self.folder = folder

            @classmethod
            def from_cli(cls, parser, *args):
                return cls(args[0])

            async def handle_RCPT(self, server, session, envelope, address, options):
                if address.startswith('refused'):
                    return '550 no such person here'
                if address.startswith('later'):
                    return '450 come again'
                envelope.rcpt_tos.append(address)
                return '250 OK'

            async def handle_DATA(self, server, session, envelope):
                handle, name = tempfile.mkstemp(suffix='.part', dir=self.folder)
                with os.fdopen(handle, 'wb') as file:
                    file.write(envelope.original_content)
                os.rename(name, name[:-5] + '.eml')
                if envelope.rcpt_tos[0].startswith('silent'):
                    server.transport.abort()
                if envelope.rcpt_tos[0].startswith('slow'):
                    await asyncio.sleep(30)
                return '250 OK'
        """;

    private readonly string folder = Directory.CreateTempSubdirectory("kalends-").FullName;
    private Process? process;

    public int Port { get; } = PrivateCluster.FreePort();

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "relay.py"), Script);
        var start = new ProcessStartInfo("/usr/bin/python3", ["-m", "aiosmtpd", "-n", "-l", $"127.0.0.1:{Port}", "-c", "relay.Relay", folder])
        {
            RedirectStandardError = true, RedirectStandardOutput = true,
        };
        start.Environment["PYTHONPATH"] = folder;
        process = Process.Start(start)!;
        await Queue.Office.Until(async () =>
        {
            Assert.False(process.HasExited, process.HasExited ? await process.StandardError.ReadToEndAsync() : "");
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync("127.0.0.1", Port);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        });
    }

    /// <summary>What it has by now, as it was sent and as a mail program reads it.</summary>
    public IReadOnlyList<(string Raw, MimeMessage Read)> Messages(string to) =>
        [.. All.Where(one => one.Read.To.Mailboxes.Any(mailbox => mailbox.Address == to))];

    /// <summary>How many each address has by now.</summary>
    public IReadOnlyDictionary<string, int> Counts() => All.SelectMany(one => one.Read.To.Mailboxes).CountBy(mailbox => mailbox.Address).ToDictionary();

    private IEnumerable<(string Raw, MimeMessage Read)> All =>
        Directory.EnumerateFiles(folder, "*.eml").Select(file => (File.ReadAllText(file), MimeMessage.Load(file)));

    public ValueTask DisposeAsync()
    {
        process?.Kill();
        process?.Dispose();
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}
