using System.CommandLine;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Kalends.Audit;
using Kalends.Storage;

namespace Kalends.Server.CommandLine.Verbs;

/// <summary>Follows the seals of every tenant's trail, and says of each where its chain ends, for whoever wants to keep that elsewhere.</summary>
internal static partial class VerifySeals
{
    public static Option<string[]> KeptOption()
    {
        var option = new Option<string[]>("--seal")
        {
            Description = "A seal that was kept from an earlier run, TENANT:NUMBER:HASH as that printed it; it must be there still. May be repeated.",
            HelpName = "SEAL",
        };
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => !Kept().IsMatch(token.Value)))
            {
                result.AddError($"--seal takes TENANT:NUMBER:HASH, as verify printed it, not '{token.Value}'");
            }
        });
        return option;
    }

    public static async IAsyncEnumerable<string> Findings(
        IStore store, IReadOnlyCollection<string> kept, Surroundings surroundings, [EnumeratorCancellation] CancellationToken stopped)
    {
        var seals = kept.Select(one => Kept().Match(one)).ToLookup(match => match.Groups[1].Value, match => match.Groups[2].Value);
        var tenants = await store.Tenants(stopped);
        foreach (var tenant in seals.Select(group => group.Key).Except(tenants))
        {
            yield return $"tenant {tenant}: a seal of it was kept, and it is not there";
        }

        foreach (var tenant in tenants)
        {
            await using var session = await store.Read(tenant, stopped);
            var chain = new SealVerification(session);
            await foreach (var finding in chain.Findings([.. seals[tenant]], stopped))
            {
                yield return $"tenant {tenant}: {finding}";
            }

            await surroundings.Error.WriteLineAsync($"tenant {tenant}: {Said(tenant, chain)}");
        }
    }

    private static string Said(string tenant, SealVerification chain)
    {
        var end = chain.Last is { } last
            ? string.Create(CultureInfo.InvariantCulture, $"{chain.SealedEntries:N0} trail entries sealed, the last seal is {tenant}:{last}")
            : "nothing of the trail is sealed";
        end += chain.Dropped is { } dropped
            ? string.Create(CultureInfo.InvariantCulture, $"; {dropped.Entries:N0} of them were dropped, the trail is kept from {dropped.KeptFrom:uuuu-MM-dd}")
            : "";
        return chain.Unsealed == 0
            ? end
            : string.Create(CultureInfo.InvariantCulture, $"{end}; {chain.Unsealed:N0} not sealed yet, since {chain.UnsealedSince:uuuu-MM-dd'T'HH:mm:ss'Z'}");
    }

    [GeneratedRegex("^(.+):([0-9]{1,18}:[0-9a-fA-F]{64})$")]
    private static partial Regex Kept();
}
