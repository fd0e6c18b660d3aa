using NodaTime;

namespace Kalends.Server.CommandLine.Seed;

/// <summary>How large a company to make up, and for which days. The same plan gives the same company to the letter.</summary>
public sealed record SeedPlan(int People, int Days, int Seed, LocalDate From);
