using System.Net;
using System.Net.Sockets;

namespace Kalends.Outgoing;

/// <summary>
/// Where Kalends may be sent by an address that a user names: to the internet, and not to what only this server can reach (its own host, its network, the
/// metadata of its cloud), unless it was set up so. What an address looks like is judged when it is named (<see cref="Refuse"/>), what it leads to whenever
/// it is called (<see cref="Allows"/>).
/// </summary>
/// <param name="AllowPrivate">Also to loopback and to private networks.</param>
/// <param name="AllowHttp">Also without TLS.</param>
/// <param name="Networks">Also to these, whatever they are.</param>
public sealed record OutgoingRules(bool AllowPrivate = false, bool AllowHttp = false, IReadOnlyList<IPNetwork>? Networks = null)
{
    /// <summary>To the internet, by https alone.</summary>
    public static readonly OutgoingRules Strict = new();

    /// <summary>What servers in use take in an address, and no more than a row should hold.</summary>
    public const int LongestUri = 2_000;

    /// <summary>Below it live the services of a system (mail, files, name service), which understand enough of a POST to do harm.</summary>
    private const int FirstHighPort = 1_024;

    private static readonly IReadOnlyList<IPNetwork> Private = Parsed(
        "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7");

    /// <summary>What clouds tell their machines about themselves, keys included, at addresses that look like any other.</summary>
    private static readonly IReadOnlyList<IPNetwork> Metadata = Parsed(
        "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32", "fd00:ec2::/32", "fd20:ce::/64");

    /// <summary>
    /// Never anybody's on the internet: "this" network, link-local (with the metadata of most clouds), tests, documentation, multicast, reserved; and of
    /// IPv6 what carries an IPv4 address inside (mapped, NAT64, Teredo, 6to4). RFC 6890 and the registries of IANA that it names.
    /// </summary>
    private static readonly IReadOnlyList<IPNetwork> Special = Parsed(
        "0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",
        "240.0.0.0/4", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20");

    /// <summary>All that is given out of IPv6; the rest is loopback, local, mapped, translated or multicast.</summary>
    private static readonly IPNetwork GlobalIPv6 = IPNetwork.Parse("2000::/3");

    /// <summary>What is wrong with an address, as far as it can be told from how it is written; null where nothing is.</summary>
    public string? Refuse(string text)
    {
        if (text.Length > LongestUri || !Uri.TryCreate(text, UriKind.Absolute, out var uri)
            || uri.HostNameType is not (UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6))
        {
            return $"must be an absolute address such as https://example.com/hook, of at most {LongestUri} characters";
        }

        return !IsScheme(uri) ? AllowHttp ? "must be an https or http address" : "must be an https address"
            : uri.UserInfo.Length > 0 ? "must not carry a user or password"
            : uri.Fragment.Length > 0 ? "must not have a fragment"
            : uri.Port is not (443 or 80 or >= FirstHighPort) ? $"must not name port {uri.Port}: 443, 80 and those from {FirstHighPort} on are called"
            : IsLocalName(uri) || (IPAddress.TryParse(uri.IdnHost, out var address) && !Allows(address)) ? "must not lead into a private network"
            : null;
    }

    public bool IsScheme(Uri uri) => uri.Scheme == Uri.UriSchemeHttps || (AllowHttp && uri.Scheme == Uri.UriSchemeHttp);

    /// <summary>Whether this very address may be connected to.</summary>
    public bool Allows(IPAddress address)
    {
        // What is written so is connected to by IPv4, and networks count it so too.
        if (address.IsIPv4MappedToIPv6)
        {
            return false;
        }

        if (Networks?.Any(network => network.Contains(address)) == true)
        {
            return true;
        }

        return !Metadata.Any(network => network.Contains(address)) && (Private.Any(network => network.Contains(address))
            ? AllowPrivate
            : !Special.Any(network => network.Contains(address))
                && (address.AddressFamily == AddressFamily.InterNetwork || (GlobalIPv6.Contains(address) && address.ScopeId == 0)));
    }

    /// <summary>By which no name server need be asked.</summary>
    private bool IsLocalName(Uri uri)
    {
        var name = uri.IdnHost.TrimEnd('.');
        return !AllowPrivate && Networks is not { Count: > 0 } && uri.HostNameType == UriHostNameType.Dns
            && (name.Equals("localhost", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase));
    }

    private static IReadOnlyList<IPNetwork> Parsed(params string[] networks) => [.. networks.Select(text => IPNetwork.Parse(text))];
}
