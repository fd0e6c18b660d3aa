using Kalends.Availability;

namespace Kalends.Storage.Postgres;

/// <summary>Small sets as one byte that can still be read: PostgreSQL's internal type "char".</summary>
internal static class Letters
{
    private const string Busynesses = "ftbo";

    private const string Privacies = "prs";

    public static char Of(Busyness busyness) => Busynesses[(int)busyness];

    public static char Of(Privacy privacy) => Privacies[(int)privacy];

    public static Busyness Busyness(char letter) => (Busyness)Place(Busynesses, letter);

    public static Privacy Privacy(char letter) => (Privacy)Place(Privacies, letter);

    /// <summary>As a parameter, without a new string for each row.</summary>
    public static string Text(char letter) => letter switch
    {
        'f' => "f",
        't' => "t",
        'b' => "b",
        'o' => "o",
        'p' => "p",
        'r' => "r",
        's' => "s",
        _ => throw new ArgumentOutOfRangeException(nameof(letter), letter, "is no letter of the store"),
    };

    private static int Place(string letters, char letter) =>
        letters.IndexOf(letter, StringComparison.Ordinal) is >= 0 and var place
            ? place : throw new InvalidDataException($"the store holds an unknown letter: {letter}");
}
