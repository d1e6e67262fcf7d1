namespace PolicyM2M.Registry;

/// <summary>What is written of many changes.</summary>
public enum Writing
{
    /// <summary>All of them, or nothing where one is refused.</summary>
    AllOrNothing,

    /// <summary>Those that are not refused.</summary>
    KeepGood,

    /// <summary>Nothing: it is only worked out what would come of them.</summary>
    Nothing,
}

/// <summary>What came of changes, or would have.</summary>
/// <param name="IsWritten">Whether anything may have been written.</param>
/// <param name="Sequence">The number of the last change that the registry now holds.</param>
/// <param name="Before">Each device as it was, in the order of the changes; null where there was none.</param>
/// <param name="Devices">Each device afterwards, in the order of the changes; null where it is gone, or where its change was refused and it is not there.</param>
/// <param name="Refusals">Why a change was not made, in the order of the changes; null where it was.</param>
/// <param name="Changed">How many devices the changes make other than they were.</param>
public sealed record Written(bool IsWritten, long Sequence, IReadOnlyList<Device?> Before, IReadOnlyList<Device?> Devices, IReadOnlyList<Refusal?> Refusals, int Changed);
