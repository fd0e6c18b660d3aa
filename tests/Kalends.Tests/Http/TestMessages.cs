using Kalends.Messages;
using Kalends.Storage;
using Kalends.Time;

namespace Kalends.Tests.Http;

/// <summary>Messages that exercise the edge and need no store of note.</summary>
internal static class TestMessages
{
    public static IReadOnlyList<CatalogueEntry> Entries { get; } =
    [
        .. Catalogue.Entries,
        new QueryEntry<Echo, Echoed>("echo", "Answers what it was asked") { Limits = [new("echo-things", 3, "items", "for the test")] },
        new QueryEntry<Nested, Echoed>("nested", "Cannot be asked by GET"),
        new QueryEntry<Wait, Echoed>("wait", "Takes its time"),
        new QueryEntry<Fail, Echoed>("fail", "Has a fault"),
        new QueryEntry<Refuse, Echoed>("refuse", "Refuses in any way"),
        new QueryEntry<Fill, Filled>("fill", "Answers much"),
        new QueryEntry<GetThing, Thing>("get-thing", "One thing") { Path = "/v1/things/{id}" },
        new QueryEntry<ExportThings, Export>("export-things", "A text") { Path = "/v1/shelves/{shelf}/export.ics" },
        new QueryEntry<Trickle, Trickled>("trickle", "Finds one after the other") { Streams = ["drops"] },
        new CommandEntry<Keep, Kept>("keep", "Keeps something"),
        new CommandEntry<CountUp, Counted>("count-up", "Takes three parts"),
        new TextCommandEntry<Import, Kept>("import", "Takes a text"),
    ];
}

public enum Mood
{
    VeryGlad,
    Sad,
}

public sealed record Echo : Query<Echoed>
{
    public required Timespan Timespan { get; init; }

    public required IReadOnlyList<CalendarId> Attendees { get; init; }

    public bool? Loud { get; init; }

    public int? Times { get; init; }

    public Mood? Mood { get; init; }

    public string? Text { get; init; }

    public override ValueTask<Outcome<Echoed>> Execute(QueryContext context) =>
        new((Outcome<Echoed>)new Echoed(this, context.Caller.Tenant, context.Caller.Person, context.Caller.App));
}

public sealed record Echoed(Echo? Asked, string Tenant, CalendarId Person, string App);

public sealed record Nested : Query<Echoed>
{
    public required IReadOnlyList<Timespan> Timespans { get; init; }

    public override ValueTask<Outcome<Echoed>> Execute(QueryContext context) => throw new NotSupportedException();
}

public sealed record Wait : Query<Echoed>
{
    public int Milliseconds { get; init; }

    public override async ValueTask<Outcome<Echoed>> Execute(QueryContext context)
    {
        await Task.Delay(Milliseconds, context.Stopped);
        return new Echoed(null, context.Caller.Tenant, context.Caller.Person, context.Caller.App);
    }
}

public sealed record Fail : Query<Echoed>
{
    public override ValueTask<Outcome<Echoed>> Execute(QueryContext context) =>
        throw new InvalidOperationException("the secret inside of the program");
}

public sealed record Refuse : Query<Echoed>
{
    public required RefusalCode Code { get; init; }

    public override ValueTask<Outcome<Echoed>> Execute(QueryContext context) => new((Outcome<Echoed>)(Refusal.Of(Code, "because") with
    {
        RetryAfterSeconds = Code == RefusalCode.Unavailable ? 7 : null,
        Conflicts = Code == RefusalCode.Conflict
            ? [new(new("room:paris-3"), new(NodaTime.Instant.FromUtc(2026, 11, 23, 8, 0), NodaTime.Instant.FromUtc(2026, 11, 23, 9, 0)))]
            : [],
    }));
}

public sealed record Fill : Query<Filled>
{
    public int Lines { get; init; }

    public override ValueTask<Outcome<Filled>> Execute(QueryContext context) =>
        new((Outcome<Filled>)new Filled(Enumerable.Range(0, Lines).Select(line => $"line {line} says {line * 7_919 % 10_007}")));
}

public sealed record Filled(IEnumerable<string> Lines);

public sealed record GetThing : Query<Thing>
{
    public required Guid Id { get; init; }

    public override ValueTask<Outcome<Thing>> Execute(QueryContext context) => new((Outcome<Thing>)new Thing(Id, 3));
}

public sealed record Thing(Guid Id, long Version) : IHasVersionTag;

public sealed record ExportThings : Query<Export>
{
    public required string Shelf { get; init; }

    public int? Times { get; init; }

    public override ValueTask<Outcome<Export>> Execute(QueryContext context) =>
        new((Outcome<Export>)new Export(string.Concat(Enumerable.Repeat($"X-SHELF:{Shelf} é😀\r\n", Times ?? 1))));
}

public sealed record Export(string Text) : ITextResult
{
    public string MediaType => "text/calendar";
}

/// <summary>Hands out drops until there are enough, and then ends as it is told.</summary>
public sealed record Trickle : Query<Trickled>
{
    /// <summary>By the text of the query: how many drops were taken, and that it ended.</summary>
    internal static System.Collections.Concurrent.ConcurrentDictionary<string, int> Taken { get; } = new();

    internal static System.Collections.Concurrent.ConcurrentDictionary<string, bool> Stopped { get; } = new();

    public required string Name { get; init; }

    public int Drops { get; init; }

    public int Bytes { get; init; } = 1;

    public int Milliseconds { get; init; }

    public RefusalCode? Ends { get; init; }

    public override async ValueTask<Outcome<Trickled>> Execute(QueryContext context)
    {
        try
        {
            for (var number = 0; number < Drops; number++)
            {
                await context.Items!.Send([new Drop(number, new string('x', Bytes))], number / (double)Drops, context.Stopped);
                Taken[Name] = number + 1;
                await Task.Delay(Milliseconds, context.Stopped);
            }
        }
        catch (OperationCanceledException)
        {
            Stopped[Name] = true;
            throw;
        }

        return Ends switch
        {
            null => new Trickled([], "rest"),
            RefusalCode.Bug => throw new InvalidOperationException("the secret inside of the program"),
            { } code => Refusal.Of(code, "because"),
        };
    }
}

public sealed record Drop(int Number, string Text);

public sealed record Trickled(IReadOnlyList<Drop> Drops, string Else);

public sealed record CountUp : Command<Counted>, IDoneInParts<Counted>
{
    private int parts;

    public int Milliseconds { get; init; }

    public (long Done, long Left) Progress(Counted part) => (part.Parts, 3 - part.Parts);

    public Counted Sum(Counted before, Counted part) => part;

    public override async ValueTask<Outcome<Counted>> Execute(CommandContext context)
    {
        await Task.Delay(Milliseconds, context.Stopped);
        return new Counted(++parts);
    }
}

public sealed record Counted(int Parts);

public sealed record Keep : Command<Kept>
{
    public required string Text { get; init; }

    public override ValueTask<Outcome<Kept>> Execute(CommandContext context) => new((Outcome<Kept>)new Kept(Text, null));
}

public sealed record Kept(string Text, CalendarId? Calendar);

public sealed record Import : Command<Kept>, ICarriesText<Import>
{
    public static string MediaType => "text/calendar";

    public static int LongestText => 1_000;

    public required CalendarId Calendar { get; init; }

    public string? Text { get; init; }

    public Import WithText(string text) => this with { Text = text };

    public override ValueTask<Outcome<Kept>> Execute(CommandContext context) => new((Outcome<Kept>)new Kept(Text ?? "", Calendar));
}
