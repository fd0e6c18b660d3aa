using System.Diagnostics;
using Kalends.Appointments;
using Kalends.Messages;
using Kalends.Permissions;
using Kalends.Storage;
using NodaTime;

namespace Kalends.Bench.Load;

/// <summary>Fills a store through the same command that clients send, 2,000 appointments at a time, and says how far it is.</summary>
public static class Filling
{
    private const int PerCommand = 2_000;

    public const string Tenant = "load";

    public static async Task Run(string connectionString, Company company)
    {
        await using var store = StoreChoice.Of(connectionString).Open();
        await store.Migrate(default);
        var dispatcher = new Dispatcher(store, new RelationPermissions(), SystemClock.Instance);
        var caller = new Caller(Tenant, new("service:load"), "bench", Scopes.Read | Scopes.Write | Scopes.Admin);
        var (started, done, attendances) = (Stopwatch.GetTimestamp(), 0, 0);
        foreach (var batch in company.Appointments().Chunk(PerCommand))
        {
            var reply = await dispatcher.Run("save-appointments", new SaveAppointments { Appointments = batch }, caller, new(), default);
            if (reply.Refusal is { } refusal)
            {
                throw new InvalidOperationException(refusal.Detail);
            }

            done += batch.Length;
            attendances += batch.Sum(appointment => appointment.Attendees!.Count);
            var rate = done / Stopwatch.GetElapsedTime(started).TotalSeconds;
            Console.Error.Write($"\rfilling: {done:N0} appointments, {attendances:N0} attendances, {rate:N0} a second ");
        }

        Console.Error.WriteLine();
    }
}
