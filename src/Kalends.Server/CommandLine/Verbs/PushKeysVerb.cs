using System.CommandLine;
using Kalends.Server.Http;
using Kalends.Server.Reminders;

namespace Kalends.Server.CommandLine.Verbs;

/// <summary>Makes a key pair to push with and prints the settings that put it to use. Nothing is kept.</summary>
internal static class PushKeysVerb
{
    public static Command Create(Surroundings surroundings)
    {
        var subject = new Option<string>("--subject")
        {
            Description = "Whom push services may write to: mailto:… or https://….", HelpName = "ADDRESS", Required = true,
        };
        subject.Validators.Add(result =>
        {
            if (!PushSettings.IsSubject(result.GetValueOrDefault<string>() ?? ""))
            {
                result.AddError("--subject must be an address such as mailto:calendar@example.com or https://example.com/contact");
            }
        });
        var verb = new ExplainedCommand("push-keys", "Makes the keys to send reminders by push with, and prints their settings")
        {
            Example = "kalends push-keys --subject mailto:calendar@example.com >> kalends.env",
        };
        verb.Add(subject);
        verb.SetAction(parsed =>
        {
            var (publicKey, privateKey) = PushIdentity.NewKeys();
            surroundings.Out.WriteLine($"Kalends__Reminders__Push__Subject={parsed.GetRequiredValue(subject)}");
            surroundings.Out.WriteLine($"Kalends__Reminders__Push__PublicKey={publicKey}");
            surroundings.Out.WriteLine($"Kalends__Reminders__Push__PrivateKey={privateKey}");
            return ExitCodes.Done;
        });
        return verb;
    }
}
