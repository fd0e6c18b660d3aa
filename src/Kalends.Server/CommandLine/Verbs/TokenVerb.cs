using System.CommandLine;
using Kalends.Server.Http;
using Kalends.Server.Http.Bearer;
using Kalends.Storage;
using Kalends.Time;
using NodaTime;

namespace Kalends.Server.CommandLine.Verbs;

/// <summary>Prints a token signed with the development key, and nothing else, so that a shell can take it up.</summary>
internal static class TokenVerb
{
    private static readonly string[] KnownScopes = ["kalends.read", "kalends.write", "kalends.admin"];

    private static readonly string[] UsualScopes = ["kalends.read", "kalends.write"];

    public static Command Create(Surroundings surroundings)
    {
        var tenant = Configured.Named(new Option<string>("--tenant") { Description = "The tenant the token is for.", Required = true });
        var subject = Configured.Named(new Option<string>("--subject") { Description = "Who it speaks for, such as user:ana.", Required = true });
        var app = Configured.Named(new Option<string>("--app") { Description = "The application that speaks for them.", Required = true });
        var scopes = new Option<string[]>("--scope")
        {
            Description = $"May be repeated; {string.Join(" and ", UsualScopes)} when absent.",
            AllowMultipleArgumentsPerToken = true,
        };
        scopes.Validators.Add(result =>
        {
            foreach (var unknown in Split(result.GetValueOrDefault<string[]>()).Except(KnownScopes))
            {
                result.AddError($"--scope does not know '{unknown}'; it takes {string.Join(", ", KnownScopes)}");
            }
        });
        var expires = new Option<string>("--expires")
        {
            Description = "How long it is good for, as an ISO 8601 duration.",
            DefaultValueFactory = _ => "PT8H",
        };
        expires.Validators.Add(result =>
        {
            if (!NominalDuration.TryParse(result.GetValueOrDefault<string>(), out var lifetime) || lifetime.ExactSeconds == 0)
            {
                result.AddError("--expires must be a duration such as PT8H or P1D");
            }
        });
        var verb = new ExplainedCommand("token", "Prints a development token (only where development is switched on)")
        {
            Example = "export ASPNETCORE_ENVIRONMENT=Development\nTOKEN=$(kalends token --tenant demo --subject user:ana --app web)\n"
                + "curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/v1/queries/get-calendars",
        };
        foreach (var option in new Option[] { tenant, subject, app, scopes, expires })
        {
            verb.Add(option);
        }

        verb.SetAction(parsed => Print(
            surroundings, parsed.GetRequiredValue(tenant), new(parsed.GetRequiredValue(subject)), parsed.GetRequiredValue(app),
            Split(parsed.GetValue(scopes)) is { Length: > 0 } asked ? asked : UsualScopes, parsed.GetRequiredValue(expires)));
        return verb;
    }

    /// <summary>Several as options of their own, or in one as they stand in a token.</summary>
    private static string[] Split(string[]? scopes) =>
        [.. (scopes ?? []).SelectMany(scope => scope.Split(' ', StringSplitOptions.RemoveEmptyEntries))];

    private static int Print(Surroundings surroundings, string tenant, CalendarId subject, string app, string[] scopes, string expires)
    {
        var configured = Configured.Read(null);
        if (!configured.IsDevelopment)
        {
            throw new SettingsException("tokens are printed only where development is switched on: set ASPNETCORE_ENVIRONMENT=Development. "
                + "Elsewhere tokens come from the issuer that is configured.");
        }

        _ = NominalDuration.TryParse(expires, out var lifetime);
        var key = DevelopmentKey.Open(KalendsSettings.From(configured.Root).Development);
        surroundings.Out.WriteLine(key.Token(tenant, subject, app, scopes, Duration.FromSeconds(lifetime.ExactSeconds), surroundings.Clock));
        return ExitCodes.Done;
    }
}
