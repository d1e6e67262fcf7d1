using System.Collections.Immutable;
using PolicyM2M.Compiler.Binding;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Lowering;
using PolicyM2M.Compiler.Sets;
using PolicyM2M.Compiler.Spellings;
using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Compiler.Trees;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Trees;

namespace PolicyM2M.Compiler;

/// <summary>Compiles policy sets: text, syntax, meaning, cases, trees, bytes. Each step is a function of the one before, and nothing else.</summary>
public static class PolicyCompiler
{
    /// <summary>Compiles the files of one policy set. Never throws for what is in them: every fault is a diagnostic.</summary>
    /// <param name="files">The set's files, in any order.</param>
    public static Compilation Compile(IReadOnlyList<SourceFile> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        var faults = new Faults();
        (BoundPolicySet? bound, byte[]? bytes) = CompileBound(files, faults);
        return Compiled(bound, bytes, faults);
    }

    /// <summary>What became of the sources; no bytes where there is an error.</summary>
    internal static Compilation Compiled(BoundPolicySet? bound, byte[]? bytes, Faults faults) => new(faults.Sorted(), bytes is null ? null : Bundle.Read(bytes), bytes)
    {
        Invariants = bytes is null ? [] : [.. bound!.Policies.SelectMany(policy => policy.Invariants).Select(invariant => new Claim(invariant.Text, invariant.Always.Kind, invariant.Source))],
    };

    /// <summary>Which files of a policy set take several signers to change, by its manifest; null where the manifest has faults, so that nobody can say.</summary>
    /// <param name="files">The set's files, in any order.</param>
    public static IReadOnlyList<ProtectedPaths>? ReadProtectedPaths(IReadOnlyList<SourceFile> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        var faults = new Faults();
        PolicySetSources? set = PolicySetReader.Read(files, faults);
        return faults.HasErrors ? null : set?.Protected;
    }

    /// <summary>The meaning and the bundle's bytes; no bytes where there is an error.</summary>
    internal static (BoundPolicySet? Bound, byte[]? Bytes) CompileBound(IReadOnlyList<SourceFile> files, Faults faults)
    {
        BoundPolicySet? bound = Bind(files, faults);
        return (bound, bound is null || faults.HasErrors ? null : Emit(bound, faults, TreeLimits.Usual));
    }

    /// <summary>What the policies mean; null where there is no manifest or no attribute schema that can be read. Where there are errors it is incomplete.</summary>
    internal static BoundPolicySet? Bind(IReadOnlyList<SourceFile> files, Faults faults)
    {
        if (PolicySetReader.Read(files, faults) is not { } set)
            return null;
        ImmutableArray<PolicySyntax> syntax = [.. set.Policies.Select(source => PolicyReader.Read(source, faults))];
        CheckNames(syntax, faults);
        if (set.Attributes.IsDefault)
            return null;
        Dictionary<string, AttributeDefinition> attributes = [];
        foreach (AttributeDefinition attribute in set.Attributes)
            attributes.TryAdd(attribute.Name, attribute);
        WaiverTerms terms = WaiverTerms.Of(set.LongestWaiver, syntax);
        var bound = new BoundPolicySet(set.Name, [.. attributes.Values], WaiverTerms.Place([.. syntax.Select(policy => PolicyBinder.Bind(policy, attributes, terms, faults))]))
        {
            LongestWaiver = set.LongestWaiver,
        };
        // Where something is wrong, a rule that states the other window may be just what is missing.
        if (!faults.HasErrors)
            WindowCheck.Warn(bound, faults);
        return bound;
    }

    /// <summary>The bundle's bytes; null where compiling them is too much work, which is reported.</summary>
    internal static byte[]? Emit(BoundPolicySet bound, Faults faults, TreeLimits limits)
    {
        var budget = new CompileBudget();
        LoweredPolicySet lowered;
        DecisionTrees trees;
        try
        {
            lowered = PolicySetLowering.Lower(bound, new SourcePosition(PolicySetReader.Manifest, 1, 1), budget, faults);
            trees = TreeBuilder.Build(lowered, budget, limits);
            UnreachedCases.Warn(bound, lowered.Rules, trees.Answers, faults);
            DeniedKinds.Warn(bound, lowered.Rules, trees, faults);
        }
        catch (BudgetExceededException)
        {
            faults.TooMuchWork(budget.At);
            return null;
        }
        if (faults.HasErrors)
            return null;
        var rules = RuleTable.Of(lowered.Rules);
        return BundleWriter.Write(new BundleContent(lowered.Name, lowered.Policies, lowered.Attributes, RegistrySubset.Of(rules.Outcomes), rules, trees));
    }

    private static void CheckNames(ImmutableArray<PolicySyntax> policies, Faults faults)
    {
        var first = new Dictionary<string, PolicySyntax>(StringComparer.Ordinal);
        foreach (PolicySyntax policy in policies)
        {
            if (policy.Name.Text.Length > 0 && !first.TryAdd(policy.Name.Text, policy))
                faults.DeclaredTwice(policy.Source, policy.Name.Span, $"the policy `{policy.Name.Text}`",
                    first[policy.Name.Text].Source.PositionOf(first[policy.Name.Text].Name.Span));
        }
    }
}
