using Kalends.Operations;

namespace Kalends.Storage;

/// <summary>A status as both stores write it.</summary>
internal static class StoredStatus
{
    public static string Of(OperationStatus status) => status switch
    {
        OperationStatus.Waiting => "waiting",
        OperationStatus.Running => "running",
        OperationStatus.Done => "done",
        OperationStatus.Failed => "failed",
        _ => "cancelled",
    };

    public static OperationStatus Read(string stored) => Enum.Parse<OperationStatus>(stored, ignoreCase: true);
}
