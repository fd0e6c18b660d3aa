using Kalends.Messages;

namespace Kalends.Availability;

public static class AvailabilityCatalogue
{
    public static IReadOnlyList<CatalogueEntry> Entries { get; } =
    [
        new QueryEntry<CheckForConflicts, FoundConflicts>("check-for-conflicts", "Says who is taken in a timespan, and by what"),
        new QueryEntry<FindOpenings, FoundOpenings>("find-openings", "Finds times that suit everybody asked") { Streams = ["openings"] },
        new QueryEntry<ExplainAvailability, ExplainedAvailability>("explain-availability", "Says of every stretch why it is free or not"),
        new QueryEntry<GetFreeBusy, FreeBusy>("get-free-busy", "Shows when calendars are busy and closed, not what with"),
        new CommandEntry<SetOpenHours, OpenHoursSet>("set-open-hours", "States when a calendar can be had: recurring hours and dates that differ")
        {
            Limits = OpenHoursLimits.InForce,
        },
        new QueryEntry<GetOpenHours, FoundOpenHours>("get-open-hours", "Shows the open hours that calendars state"),
        new CommandEntry<HoldTime, HeldUntil>("hold-time", "Keeps a time for the caller while they decide"),
        new CommandEntry<ReleaseHold, ReleasedHold>("release-hold", "Gives a held time back"),
    ];
}
