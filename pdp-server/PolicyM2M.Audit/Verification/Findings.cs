using System.Collections.Immutable;

namespace PolicyM2M.Audit.Verification;

/// <summary>What is found wrong with a log while it is looked through. What is told of one that was made anew as a whole is enough long before all of it.</summary>
internal sealed class Findings
{
    /// <summary>As many as are told.</summary>
    public const int Most = 10_000;

    private readonly ImmutableArray<LogFinding>.Builder _all = ImmutableArray.CreateBuilder<LogFinding>();

    public ImmutableArray<LogFinding> All => _all.ToImmutable();

    public void Add(long? number, string file, string message)
    {
        if (_all.Count < Most)
            _all.Add(new LogFinding(number, file, message));
        else if (_all.Count == Most)
            _all.Add(new LogFinding(null, ".", "there is more, which is not listed"));
    }
}
