using System.Net;
using System.Net.Sockets;
using Kalends.Outgoing;

namespace Kalends.Server.Outgoing;

/// <summary>
/// The one HTTP client for addresses that users name. It looks the name up itself, connects to the very address that it found allowed, so that a name that
/// says another thing the second time leads nowhere else, follows no redirect, and uses no proxy, cookies or credentials.
/// </summary>
internal static class GuardedHttp
{
    private static readonly TimeSpan ToConnect = TimeSpan.FromSeconds(5);

    /// <summary>Names are looked up anew as often.</summary>
    private static readonly TimeSpan ConnectionAge = TimeSpan.FromMinutes(2);

    private const int MostHeaderKilobytes = 16;

    /// <summary>Whoever calls bounds the time, and what is read of the answer.</summary>
    public static HttpClient Client(OutgoingRules rules) => new(Handler(rules), disposeHandler: true) { Timeout = Timeout.InfiniteTimeSpan };

    private static SocketsHttpHandler Handler(OutgoingRules rules) => new()
    {
        ConnectCallback = (context, stopped) => Connect(rules, context.DnsEndPoint, stopped),
        ConnectTimeout = ToConnect,
        PooledConnectionLifetime = ConnectionAge,
        MaxResponseHeadersLength = MostHeaderKilobytes,
        MaxResponseDrainSize = 0,
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
    };

    private static async ValueTask<Stream> Connect(OutgoingRules rules, DnsEndPoint to, CancellationToken stopped)
    {
        var addresses = IPAddress.TryParse(to.Host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(to.Host, stopped);
        List<IPAddress> allowed = [.. addresses.Where(rules.Allows)];
        if (allowed.Count == 0)
        {
            throw new AddressRefusedException();
        }

        for (var index = 0; ; index++)
        {
            var socket = new Socket(allowed[index].AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(allowed[index], to.Port), stopped);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException) when (index + 1 < allowed.Count)
            {
                // The next address of the same name may answer.
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }
}

/// <summary>A name leads to addresses that may not be called.</summary>
internal sealed class AddressRefusedException : Exception
{
    public AddressRefusedException()
        : base("its name leads to no address that may be called")
    {
    }

    public AddressRefusedException(string message)
        : base(message)
    {
    }

    public AddressRefusedException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
