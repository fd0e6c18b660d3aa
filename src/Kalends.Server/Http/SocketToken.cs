using Kalends.Server.Http.Bearer;

namespace Kalends.Server.Http;

/// <summary>
/// A browser's token, which comes as a subprotocol, <c>kalends.bearer.TOKEN</c>: unlike an address that is neither logged nor kept in a history. It is taken
/// for the header that the browser cannot set, and never chosen as a protocol, so never sent back.
/// </summary>
internal sealed class SocketToken
{
    public const string Prefix = "kalends.bearer.";

    public static readonly SocketToken Mark = new();

    private SocketToken()
    {
    }

    /// <summary>For the address that is marked, where there is no such header.</summary>
    public static void Take(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<SocketToken>() is not null && context.Request.Headers.Authorization.Count == 0
            && context.WebSockets.WebSocketRequestedProtocols.FirstOrDefault(name => name.StartsWith(Prefix, StringComparison.Ordinal)) is { } named)
        {
            context.Request.Headers.Authorization = Authentication.Scheme + named[Prefix.Length..];
        }
    }
}
