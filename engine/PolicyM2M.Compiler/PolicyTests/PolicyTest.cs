using System.Collections.Immutable;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.PolicyTests;

/// <summary>What a file of tests holds: cases, a table's rows among them, and snapshots.</summary>
internal sealed record PolicyTestFile(ImmutableArray<PolicyTest> Cases, ImmutableArray<SnapshotTest> Snapshots);

/// <summary>One case: what is decided for a context at a moment, and what is expected of it.</summary>
internal sealed record PolicyTest(string Name, SourcePosition Source, DeviceContext Given, DateTimeOffset Now, ImmutableArray<Expectation> Expected);

/// <summary>The decisions of a folder of contexts, as somebody reviewed and accepted them.</summary>
internal sealed record SnapshotTest(string File, SourcePosition Source, ImmutableArray<(string Path, DeviceContext Context)> Contexts, DateTimeOffset Now);

/// <summary>Something that a case expects of the decision of one kind.</summary>
internal abstract record Expectation(DecisionKind Kind)
{
    /// <summary>What is not as expected, as a sentence; null where all is.</summary>
    public abstract string? Refute(Decision decision);

    /// <summary>It is allowed.</summary>
    public sealed record Allowed(DecisionKind Kind) : Expectation(Kind)
    {
        public override string? Refute(Decision decision) => decision.Outcome.IsDenied ? "expected allow" : null;
    }

    /// <summary>It is denied; for a reason that is this, or that holds this.</summary>
    public sealed record Denied(DecisionKind Kind, string? Reason, string? Part) : Expectation(Kind)
    {
        public override string? Refute(Decision decision) => decision.Outcome.Denial is not { } reason ? "expected deny"
            : Reason is not null && reason != Reason ? $"expected deny with the reason \"{Reason}\""
            : Part is not null && !reason.Contains(Part, StringComparison.Ordinal) ? $"expected deny with a reason that holds \"{Part}\""
            : null;
    }

    /// <summary>The rule is among those that determined it.</summary>
    public sealed record DecidedBy(DecisionKind Kind, string Rule) : Expectation(Kind)
    {
        public override string? Refute(Decision decision) => decision.Rules.Any(rule => NameOf(rule) == Rule) ? null : $"expected to be decided by {Rule}";

        /// <summary>The name of a rule in tests: its policy and its label.</summary>
        public static string NameOf(Rule rule) => $"{rule.Policy} {rule.Label}";
    }

    /// <summary>A field has this value; without one it is not constrained.</summary>
    public sealed record Is(DecisionKind Kind, Field Field, FieldValue? Value) : Expectation(Kind)
    {
        public override string? Refute(Decision decision) =>
            decision.Outcome.IsDenied || !Equals(decision.Outcome[Field], Value) ? $"expected {Field.Name} {Value?.ToString() ?? "not constrained"}" : null;
    }

    /// <summary>A list holds all of these names and none of those.</summary>
    public sealed record Holds(DecisionKind Kind, Field Field, ImmutableArray<string> Included, ImmutableArray<string> Excluded) : Expectation(Kind)
    {
        public override string? Refute(Decision decision)
        {
            if (decision.Outcome[Field] is not FieldValue.Names names)
                return $"expected a list of {Field.Name}";
            string[] missing = [.. Included.Except(names.Items)], unwanted = [.. Excluded.Intersect(names.Items)];
            return missing.Length > 0 ? $"expected {Field.Name} to hold {string.Join(", ", missing)}"
                : unwanted.Length > 0 ? $"expected {Field.Name} not to hold {string.Join(", ", unwanted)}"
                : null;
        }
    }

    /// <summary>A duration, share or level is no lower than one value and no higher than another.</summary>
    public sealed record Between(DecisionKind Kind, Field Field, FieldValue? Least, FieldValue? Most) : Expectation(Kind)
    {
        public override string? Refute(Decision decision)
        {
            FieldValue? actual = decision.Outcome[Field];
            return Least is not null && !(Measure(actual) >= Measure(Least)) ? $"expected {Field.Name} at least {Least}"
                : Most is not null && !(Measure(actual) <= Measure(Most)) ? $"expected {Field.Name} at most {Most}"
                : null;
        }

        private static double? Measure(FieldValue? value) => value switch
        {
            FieldValue.Duration duration => duration.Seconds,
            FieldValue.Share share => share.Value.Value,
            FieldValue.Level level => level.Rank,
            _ => null,
        };
    }
}
