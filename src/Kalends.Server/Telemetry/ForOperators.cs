using System.Net;

namespace Kalends.Server.Telemetry;

/// <summary>
/// Marks an endpoint that tells of the process and of nobody's data: for tokens with the scope kalends.admin, and without a token for whom
/// <paramref name="withoutToken"/> says.
/// </summary>
internal sealed class ForOperators(WithoutToken withoutToken)
{
    public bool LetsIn(HttpContext context) => withoutToken switch
    {
        WithoutToken.Anybody => true,
        WithoutToken.Loopback => IsOfThisMachine(context),
        _ => false,
    };

    /// <summary>
    /// What a proxy on this machine passes on comes from elsewhere. And a page of somebody else's that a browser here was led to by a false name asks for that
    /// name: so the name must be one of this machine's own.
    /// </summary>
    private static bool IsOfThisMachine(HttpContext context)
    {
        var (headers, host) = (context.Request.Headers, context.Request.Host.Host);
        return context.Connection.RemoteIpAddress is { } from && IPAddress.IsLoopback(from)
            && !headers.ContainsKey("Forwarded") && !headers.ContainsKey("X-Forwarded-For") && !headers.ContainsKey("X-Real-IP") && !headers.ContainsKey("Via")
            && (host == "localhost" || (IPAddress.TryParse(host.Trim('[', ']'), out var named) && IPAddress.IsLoopback(named)));
    }
}

/// <summary>Who may read figures without a token.</summary>
public enum WithoutToken
{
    /// <summary>Whoever asks from the same machine, without a proxy between.</summary>
    Loopback,

    Nobody,

    /// <summary>Everybody who can reach the port: where that is guarded otherwise.</summary>
    Anybody,
}
