using System.Diagnostics;
using System.Globalization;
using Kalends.Messages;
using Kalends.Server.Telemetry;
using Microsoft.Net.Http.Headers;

namespace Kalends.Server.Http;

/// <summary>Answers refusals as problems.</summary>
internal static class Problems
{
    public const string MediaType = "application/problem+json";

    /// <summary>Writes the refusal as the whole answer. Nothing may have been sent before.</summary>
    public static Task Write(HttpContext context, Refusal refusal)
    {
        var problem = Of(context, refusal);
        context.Response.StatusCode = problem.Status;
        if (refusal.RetryAfterSeconds is { } seconds)
        {
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        if (problem.Status == StatusCodes.Status401Unauthorized && !context.Response.Headers.ContainsKey(HeaderNames.WWWAuthenticate))
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
        }

        return Answers.WriteJson(context, problem, MediaType);
    }

    /// <summary>To be answered: it counts as such.</summary>
    public static Problem Of(HttpContext context, Refusal refusal)
    {
        var problem = Problem.Of(refusal, TraceId(context));
        context.Features.Set(new ProblemAnswered(problem.Code));
        return problem;
    }

    /// <summary>The W3C trace id where there is one, so that the caller's, ours and the logs' are the same.</summary>
    public static string TraceId(HttpContext context) => Activity.Current?.TraceId.ToHexString() ?? context.TraceIdentifier;

    /// <summary>What <c>GET /problems/{code}</c> answers: the type of a problem is an address that can be opened.</summary>
    public static Task Explain(HttpContext context)
    {
        var asked = context.Request.RouteValues["code"] as string;
        var known = Enum.GetValues<RefusalCode>().Select(Refusals.OnTheWire).FirstOrDefault(known => known.Code == asked);
        return known.Code is null
            ? Write(context, Refusal.Of(RefusalCode.NotFound, "There is no problem of this name."))
            : Answers.WriteText(context, "text/plain", $"{known.Code}: {known.Title} (status {known.Status}).\n");
    }
}
