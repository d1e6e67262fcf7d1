namespace PolicyM2M.Enforcement.Deciding;

/// <summary>What a change of what is known means for who goes by it.</summary>
internal enum MemoryChange
{
    /// <summary>Nothing that was allowed is less so.</summary>
    Ordinary,

    /// <summary>Something is kept for a device that had nothing of the kind: until it is written, a power cut leaves the device with nothing when it is cut off.</summary>
    First,

    /// <summary>
    /// What was allowed may not be any more: it must be asked for. Lost in a power cut, what is kept is taken for fresh until the decision point tells anew; it is allowed offline either way, so
    /// nothing comes back that was taken. The registry may say something new of a device every few seconds.
    /// </summary>
    Doubtful,

    /// <summary>Something that was allowed is so no more, or is no longer believed: a power cut must not bring it back.</summary>
    TakenBack,
}
