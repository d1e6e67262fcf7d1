using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine;

/// <summary>Answers from one bundle. Safe for all threads.</summary>
public sealed class Decider(Bundle bundle)
{
    /// <summary>The policies it answers from.</summary>
    public Bundle Bundle { get; } = bundle;

    /// <summary>Reads a context by the bundle's attribute schema.</summary>
    public PreparedContext Prepare(DeviceContext context) => throw new InvalidOperationException($"{Bundle.Hash}: not built yet");

    /// <summary>Decides.</summary>
    public Decision Decide(DecisionKind kind, PreparedContext context) => throw new InvalidOperationException($"{Bundle.Hash}: not built yet");
}
