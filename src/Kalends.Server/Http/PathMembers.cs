using Microsoft.AspNetCore.Http.Features;

namespace Kalends.Server.Http;

/// <summary>
/// The members in an address's path. They are taken from the target as it was sent, since the server's own decoding leaves
/// <c>%2F</c> as it is and so could not tell a calendar named <c>a/b</c> from one named <c>a%2Fb</c>.
/// </summary>
internal static class PathMembers
{
    public static void Add(Parameters parameters, string template, HttpContext context)
    {
        var names = template.Split('/');
        var values = Path(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget).Split('/');
        for (var index = 0; index < names.Length; index++)
        {
            if (names[index] is ['{', .. var name, '}'])
            {
                parameters.Add(name, index < values.Length ? Uri.UnescapeDataString(values[index]) : "");
            }
        }
    }

    /// <summary>The target may be absolute (RFC 9112 §3.2.2): <c>http://host/v1/…?…</c>.</summary>
    private static string Path(string target)
    {
        var path = target.Split('?')[0];
        var scheme = path.IndexOf("://", StringComparison.Ordinal);
        return path.StartsWith('/') || scheme < 0 ? path : path[Math.Max(path.IndexOf('/', scheme + 3), 0)..];
    }
}
