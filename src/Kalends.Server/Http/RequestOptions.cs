using Kalends.Messages;
using Kalends.Storage;

namespace Kalends.Server.Http;

/// <summary>What an address and its headers say beside the message: dry run, idempotency key, position.</summary>
internal static class RequestOptions
{
    private const string DryRun = "dryRun";

    /// <summary>Takes what is an option out of the parameters.</summary>
    public static Outcome<RunOptions> Of(HttpContext context, bool isCommand, Parameters parameters)
    {
        var keys = context.Request.Headers["Idempotency-Key"];
        var position = context.Request.Headers["Kalends-Position"];
        if (position.Count > 1 || !(Position.TryParse(position, out var atLeast) || position.Count == 0))
        {
            return Refusal.Of(RefusalCode.Invalid, "Kalends-Position must be what a command answered under that name, once and unchanged.");
        }

        if (keys.Count > 1)
        {
            return Refusal.Of(RefusalCode.Invalid, "Idempotency-Key must stand in the request once.");
        }

        var dryRun = isCommand ? parameters.Take(DryRun) : [];
        return dryRun is [] or ["true" or "false"]
            ? new RunOptions
            {
                DryRun = dryRun is ["true"],
                IdempotencyKey = keys.Count == 1 ? keys[0] : null,
                RequestId = Problems.TraceId(context),
                AtLeast = position.Count == 1 ? atLeast : null,
            }
            : Refusal.At(RefusalCode.Invalid, "/" + DryRun, "must be true or false, once");
    }

    /// <summary>A misspelt <c>dryrun</c> must not run for real: where members come in the body, no other parameter is let by.</summary>
    public static Refusal? RefuseOthers(Parameters parameters)
    {
        var errors = new Errors();
        foreach (var name in parameters.Names)
        {
            errors.Add(name, "is not a parameter of this address; members of the request stand in its body");
        }

        return errors.Any ? Refusal.At(RefusalCode.Invalid, errors.Found) : null;
    }
}
