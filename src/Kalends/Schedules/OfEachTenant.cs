using System.Globalization;
using Kalends.Messages;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Schedules;

/// <summary>Runs one command in each of some tenants, as the program itself; what one tenant refuses keeps it from no other.</summary>
/// <param name="dispatcher">Who runs it.</param>
/// <param name="name">The command's.</param>
public sealed class OfEachTenant(Dispatcher dispatcher, string name)
{
    private const string App = "kalends";

    private static readonly CalendarId Itself = new("service:schedules");

    /// <param name="tenants">In which.</param>
    /// <param name="command">Which.</param>
    /// <param name="tell">What came of it, from all results.</param>
    /// <param name="stopped">Between two tenants, too.</param>
    public async ValueTask<string> Run<TResult>(
        IReadOnlyList<string> tenants, Command<TResult> command, Func<IReadOnlyList<TResult>, string> tell, CancellationToken stopped)
    {
        var (results, refused) = (new List<TResult>(), new List<string>());
        foreach (var tenant in tenants)
        {
            stopped.ThrowIfCancellationRequested();
            var reply = await dispatcher.Run(
                name, command, new Caller(tenant, Itself, App, Scopes.Read | Scopes.Write | Scopes.Admin), new(), stopped);
            if (reply.Refusal is { } refusal)
            {
                refused.Add($"{tenant}: {refusal.Detail}");
            }
            else
            {
                results.Add((TResult)reply.Result!);
            }
        }

        var said = string.Create(CultureInfo.InvariantCulture, $"{results.Count} tenants: {tell(results)}");
        return refused.Count == 0 ? said : string.Create(CultureInfo.InvariantCulture, $"{refused.Count} tenants refused, {refused[0]}; {said}");
    }
}
