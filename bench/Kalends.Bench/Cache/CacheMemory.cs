using System.Diagnostics;
using System.Globalization;
using Kalends.Availability;

namespace Kalends.Bench.Cache;

/// <summary>What the cache takes of memory: it is filled with a year of so many people, 50 appointments a fortnight each, as queries would fill it.</summary>
public static class CacheMemory
{
    private const int Fortnights = 26;
    private const int PerFortnight = 50;

    public static async Task<int> Run(int people, TextWriter output)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var cache = new FreeBusyCache(long.MaxValue);
        var (random, attendances) = (new Random(1), 0L);
        for (var person = 1; person <= people; person++)
        {
            for (var number = 1_460; number < 1_460 + Fortnights; number++)
            {
                var times = Enumerable.Range(0, PerFortnight).Select(_ => Time(person, number, random)).OrderBy(time => time.From).ThenBy(time => time.To).ToList();
                cache.Keep(new(1, person), new(new(1, 1), null, BusyFortnight.Pack(number, number, times)!));
                attendances += times.Count;
            }
        }

        var held = GC.GetTotalMemory(forceFullCollection: true) - before;
        using var process = Process.GetCurrentProcess();
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{people} people, {attendances:N0} attendances: {held / 1e6:N0} MB of objects, {held / (double)attendances:0.0} bytes each; counted {cache.Bytes / 1e6:N0} MB; "
            + $"process {process.WorkingSet64 / 1e6:N0} MB resident"));
        return cache.Find(new(1, people), new(1, 1), 1_460, 1_460 + Fortnights - 1) is null ? 1 : 0;
    }

    private static BlockingTime Time(int person, int number, Random random)
    {
        var from = BusyFortnight.StartOf(number) + (random.Next(10) * 86_400) + (random.Next(32) * 900) + 28_800;
        return new(person, from, from + ((1 + random.Next(6)) * 900), Busyness.Busy, Privacy.Public, 1 + random.Next(10_000));
    }
}
