namespace Kalends.Tests.Rules;

internal static class Rule
{
    /// <summary>Fails with every offender by name, so that all can be mended at once.</summary>
    public static void IsKept<T>(IEnumerable<T> offenders)
    {
        var found = offenders.Select(offender => $"{offender}").ToList();
        Assert.True(found.Count == 0, $"{found.Count} break this rule:\n  {string.Join("\n  ", found)}");
    }
}
