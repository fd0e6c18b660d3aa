using Kalends.Messages;
using Kalends.Server.Telemetry;

namespace Kalends.Server.Http.Bearer;

/// <summary>Marks an endpoint that answers without a token.</summary>
internal sealed class Anonymous
{
    public static readonly Anonymous Mark = new();
}

/// <summary>Lets nothing by without a valid token, before anything of a body is read; what is not known is no exception.</summary>
internal sealed class Authentication(RequestDelegate next, BearerTokens tokens, PersonRates rates)
{
    public const string Scheme = "Bearer ";

    public async Task InvokeAsync(HttpContext context)
    {
        var metadata = context.GetEndpoint()?.Metadata;
        var forOperators = metadata?.GetMetadata<ForOperators>();
        if (metadata?.GetMetadata<Anonymous>() is not null || forOperators?.LetsIn(context) == true)
        {
            await next(context);
            return;
        }

        SocketToken.Take(context);
        var caller = await Identify(context);
        if (caller.Refusal is { } refusal)
        {
            await Problems.Write(context, refusal);
            return;
        }

        context.Features.Set(caller.Value);
        if (rates.Refuse(caller.Value, context.Response.Headers) is { } tooMany)
        {
            await Problems.Write(context, tooMany);
            return;
        }

        if (forOperators is not null && !caller.Value.Scopes.HasFlag(Scopes.Admin))
        {
            await Problems.Write(context, Refusal.Of(RefusalCode.Forbidden, "The token lacks the scope kalends.admin."));
            return;
        }

        await next(context);
    }

    private ValueTask<Outcome<Caller>> Identify(HttpContext context)
    {
        var sent = context.Request.Headers.Authorization;
        if (sent.Count == 0)
        {
            return new(Refusal.Of(RefusalCode.Unauthenticated, "Send a token: Authorization: Bearer JWT."));
        }

        context.Response.Headers.WWWAuthenticate = "Bearer error=\"invalid_token\"";
        return sent is [{ } only] && only.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && !only.AsSpan(Scheme.Length).Trim(' ').ContainsAny(' ', ',')
            ? Check(context, only[Scheme.Length..].Trim(' '))
            : new(Refusal.Of(RefusalCode.Unauthenticated, "Authorization must be one bearer token and nothing else."));
    }

    private async ValueTask<Outcome<Caller>> Check(HttpContext context, string token)
    {
        var caller = await tokens.Check(token, context.RequestAborted);
        if (caller.Refusal?.Code != RefusalCode.Unauthenticated)
        {
            context.Response.Headers.Remove("WWW-Authenticate");
        }

        return caller;
    }
}
