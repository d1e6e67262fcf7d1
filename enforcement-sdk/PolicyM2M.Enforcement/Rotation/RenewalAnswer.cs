namespace PolicyM2M.Enforcement.Rotation;

/// <summary>What came of asking an issuer.</summary>
public abstract record RenewalAnswer
{
    private RenewalAnswer() { }

    /// <summary>Certificates came.</summary>
    /// <param name="Certificates">The successor and whatever came with it, in any order, in DER.</param>
    public sealed record Issued(IReadOnlyList<ReadOnlyMemory<byte>> Certificates) : RenewalAnswer;

    /// <summary>The issuer has the request, and answers later: the same request is to be sent again.</summary>
    /// <param name="RetryAfter">After how long.</param>
    public sealed record Accepted(TimeSpan RetryAfter) : RenewalAnswer;

    /// <summary>The issuer answered, and not with a certificate.</summary>
    /// <param name="Reason">What it said.</param>
    public sealed record Refused(string Reason) : RenewalAnswer;

    /// <summary>Nobody who could be believed answered. Only this gives grace.</summary>
    /// <param name="Reason">What failed.</param>
    /// <param name="RetryAfter">When the issuer, which is too busy, asked to be asked again; null where it said nothing.</param>
    public sealed record Unreachable(string Reason, TimeSpan? RetryAfter = null) : RenewalAnswer;
}
