namespace Kalends.Server.CommandLine.Seed;

/// <summary>The words a made-up company uses.</summary>
internal static class Vocabulary
{
    /// <summary>People with ids of their own (user:ana), for examples and demonstrations; all others are user:p0001 and so on.</summary>
    public static readonly string[] Named = ["ana", "ben", "carla", "david", "elif", "farid", "greta", "hugo", "ines", "jonas"];

    public static readonly string[] FirstNames =
    [
        "Aiko", "Amara", "Anders", "Bianca", "Chen", "Dalia", "Emil", "Fatou", "Gael", "Hana", "Ivo", "Jana", "Kofi", "Lena", "Mateo", "Nadia",
        "Olga", "Pavel", "Quinn", "Rosa", "Samir", "Tomas", "Uma", "Viktor", "Wanda", "Xavier", "Yara", "Zoe",
    ];

    public static readonly string[] LastNames =
    [
        "Abe", "Bauer", "Costa", "Diallo", "Eriksen", "Fischer", "Garcia", "Haddad", "Ivanova", "Jansen", "Kaya", "Lopez", "Moreau", "Novak",
        "Okafor", "Petit", "Quist", "Rossi", "Singh", "Tanaka", "Usman", "Vidal", "Weber", "Young", "Zhang",
    ];

    public static readonly string[] Teams =
    [
        "billing", "search", "mobile", "platform", "design", "sales", "support", "legal", "people", "data", "web", "finance",
    ];

    public static readonly string[] Meetings =
    [
        "Roadmap review", "Budget round", "Customer call", "Design critique", "Incident follow-up", "Hiring panel", "Release planning",
        "Contract questions", "Quarter figures", "Architecture forum", "Supplier visit", "Workshop: pricing", "Bug triage", "Demo rehearsal",
    ];

    public static readonly string[] Focus = ["Focus", "Deep work", "Writing", "Code review", "Prepare the board deck", "No meetings"];

    public static readonly string[] Personal = ["Dentist", "School play", "Plumber", "Doctor", "Pick up the children", "Driving test"];

    public static readonly string[] Travel = ["Train to the customer", "Flight to headquarters", "On site"];

    public static readonly string[] Features = ["video", "whiteboard", "phone", "step-free"];

    /// <summary>Days that are holidays everywhere, as month and day.</summary>
    public static readonly (int Month, int Day, string Name)[] Holidays =
        [(1, 1, "New Year's Day"), (5, 1, "Labour Day"), (12, 25, "Christmas Day"), (12, 26, "Second day of Christmas")];
}
