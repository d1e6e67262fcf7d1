using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;

namespace PolicyM2M.Compiler.Tests.Spellings;

/// <summary>A compiled set as bytes in which no rule says where it is written: those of two sets are equal if they decide alike.</summary>
internal static class DecisionBytes
{
    public static string Of(Compilation compilation)
    {
        Bundle bundle = compilation.Bundle!;
        return Convert.ToHexString(BundleWriter.Write(new BundleContent(bundle.Name, bundle.Policies, bundle.AttributeTable, bundle.Registry,
            RuleTable.Of([.. bundle.Rules.Select(rule => rule with { Source = new SourcePosition("-", 1, 1) })]), bundle.Trees)));
    }
}
