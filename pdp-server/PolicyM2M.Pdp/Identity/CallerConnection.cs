using PolicyM2M.Pdp.Limits;

namespace PolicyM2M.Pdp.Identity;

/// <summary>
/// Who is at the other end of one connection, judged once and again only when the rules change or what they said runs out. Safe for all threads: a judgement never changes, and
/// which of two threads keeps its own does not matter.
/// </summary>
internal sealed class CallerConnection(ClientCertificate certificate, CallerRulesState rules, TimeProvider clock, Caller first, CallerLoad load)
{
    private volatile Standing? _standing;

    /// <summary>The caller as it was when it came: by this it is counted, whatever becomes of it.</summary>
    public Caller First { get; } = first;

    /// <summary>What the caller has open, on all its connections.</summary>
    public CallerLoad Load => load;

    /// <summary>What the rules make of it now.</summary>
    public Standing Standing() => Standing(clock.GetUtcNow());

    /// <summary>What the rules make of it now, for whoever knows what time it is.</summary>
    public Standing Standing(DateTimeOffset now)
    {
        if (_standing is { } known && ReferenceEquals(known.Rules, rules.Current) && now <= known.Until)
            return known;
        return _standing = rules.Current.Judge(certificate, now);
    }
}
