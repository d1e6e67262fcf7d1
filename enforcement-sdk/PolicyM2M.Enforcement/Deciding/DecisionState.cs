namespace PolicyM2M.Enforcement.Deciding;

/// <summary>What came of asking a decision point.</summary>
internal enum Asked
{
    /// <summary>Nobody was asked.</summary>
    Not,

    /// <summary>It answered.</summary>
    Answered,

    /// <summary>It said no, or what it said made no sense.</summary>
    Refused,

    /// <summary>Nobody answered.</summary>
    Unreachable,
}

/// <summary>What is at hand without asking.</summary>
internal enum AtHand
{
    /// <summary>Nothing.</summary>
    Nothing,

    /// <summary>A decision past its <c>usable-until</c>.</summary>
    Ended,

    /// <summary>A decision that may be used while nobody answers.</summary>
    Usable,

    /// <summary>A decision that need not be asked for again.</summary>
    Fresh,
}

/// <summary>Where an answer comes from, as one table: live, cached, stale, denied.</summary>
internal static class DecisionState
{
    /// <summary>The source of the answer; null where a decision point must be asked first.</summary>
    public static DecisionSource? Of(Asked asked, AtHand atHand) => (asked, atHand) switch
    {
        (Asked.Answered, _) => DecisionSource.Live,
        (Asked.Refused, _) => DecisionSource.Denied,
        (_, AtHand.Fresh) => DecisionSource.Cached,
        (Asked.Unreachable, AtHand.Usable) => DecisionSource.Stale,
        (Asked.Unreachable, _) => DecisionSource.Denied,
        _ => null,
    };
}
