using Kalends.Bench.Access;
using Kalends.Bench.Cache;
using Kalends.Bench.Feed;
using Kalends.Bench.Load;
using Kalends.Bench.Postgres;
using Kalends.Bench.Queue;
using Kalends.Bench.Reminders;
using Kalends.Bench.Series;
using Kalends.Bench.Telemetry;

// load …: HTTP beside bare SQLite; series [ROUNDS]: saving and changing series beside bare inserts; postgres STRING …: HTTP beside
// pgbench, on an empty PostgreSQL; dictionary FILE: what bodies are packed with; cache STRING [ATTENDANCES]: searches with the free/busy cache,
// without it and bare; cache-memory [PEOPLE]: what it takes of memory; access STRING [TUPLES [ROUNDS]]: what
// permissions and the trail cost, on an empty PostgreSQL; queue STRING [SECONDS [WAITING]]: the queue beside pgbench, likewise; feed STRING [SECONDS [IDLE]]: from a save
// to who listens, likewise; telemetry [ROUNDS]: what measuring costs; reminders STRING [COUNT]: so many due in one minute, likewise;
// anything else goes to BenchmarkDotNet, which measures the engines.
if (args is ["load", ..])
{
    return await LoadDriver.Run(LoadSettings.Parse(args[1..]));
}

if (args is ["series", ..])
{
    return await SeriesDriver.Run(args.Length > 1 ? int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture) : 20, Console.Out);
}

if (args is ["postgres", _, ..])
{
    return await PostgresDriver.Run(PostgresSettings.Parse(args[1..]), Console.Out);
}

if (args is ["dictionary", var file])
{
    return BodyDictionary.Run(file, Console.Out);
}

if (args is ["cache", var database, ..])
{
    return await CacheDriver.Run(
        database, args.Length > 2 ? int.Parse(args[2], System.Globalization.CultureInfo.InvariantCulture) : 1_000_000, Console.Out);
}

if (args is ["access", var permitted, ..])
{
    var (tuples, rounds) = (args.ElementAtOrDefault(2) ?? "1000000", args.ElementAtOrDefault(3) ?? "1000");
    return await AccessDriver.Run(
        permitted, int.Parse(tuples, System.Globalization.CultureInfo.InvariantCulture), int.Parse(rounds, System.Globalization.CultureInfo.InvariantCulture),
        Console.Out);
}

if (args is ["queue", var queued, ..])
{
    var (seconds, waiting) = (args.ElementAtOrDefault(2) ?? "5", args.ElementAtOrDefault(3) ?? "1000000");
    return await QueueDriver.Run(
        queued,
        new(int.Parse(seconds, System.Globalization.CultureInfo.InvariantCulture), int.Parse(waiting, System.Globalization.CultureInfo.InvariantCulture), 3, [1, 8, 32]),
        Console.Out);
}

if (args is ["reminders", var reminded, ..])
{
    return await ReminderDriver.Run(reminded, int.Parse(args.ElementAtOrDefault(2) ?? "100000", System.Globalization.CultureInfo.InvariantCulture), Console.Out);
}

if (args is ["feed", var published, ..])
{
    var (seconds, idle) = (args.ElementAtOrDefault(2) ?? "10", args.ElementAtOrDefault(3) ?? "2000");
    return await FeedDriver.Run(
        published, int.Parse(seconds, System.Globalization.CultureInfo.InvariantCulture), int.Parse(idle, System.Globalization.CultureInfo.InvariantCulture), Console.Out);
}

if (args is ["telemetry", ..])
{
    return await TelemetryDriver.Run(args.Length > 1 ? int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture) : 1_500, Console.Out);
}

if (args is ["cache-memory", ..])
{
    return await CacheMemory.Run(args.Length > 1 ? int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture) : 10_000, Console.Out);
}

BenchmarkDotNet.Running.BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
