using System.Collections.Immutable;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Binding;

/// <summary>Syntax to meaning: every name is looked up, every value gets its type, and each policy becomes rules under conditions.</summary>
internal sealed class PolicyBinder
{
    private readonly PolicySyntax _policy;
    private readonly IReadOnlyDictionary<string, AttributeDefinition> _attributes;
    private readonly Faults _faults;
    private readonly ConditionBinder _conditions;
    private readonly OutcomeBinder _outcomes;
    private readonly Dictionary<string, DeclarationSyntax.Define> _defines;
    private readonly Dictionary<string, DeclarationSyntax.Profile> _profiles;
    private readonly WaiverTerms _terms;

    private PolicyBinder(PolicySyntax policy, IReadOnlyDictionary<string, AttributeDefinition> attributes, WaiverTerms terms, Faults faults)
    {
        _policy = policy;
        _attributes = attributes;
        _terms = terms;
        _faults = faults;
        _defines = Named<DeclarationSyntax.Define>("define", define => define.Name);
        _profiles = Named<DeclarationSyntax.Profile>("profile", profile => profile.Name);
        HashSet<string> unreadable = [.. policy.Declarations.OfType<DeclarationSyntax.Unreadable>().Select(declaration => declaration.Name.Text)];
        _conditions = new ConditionBinder(policy.Source, attributes, _defines, unreadable, ClockBinder.OffsetOf(policy.Zone, policy.Source, faults), faults);
        _outcomes = new OutcomeBinder(policy.Source, _profiles, unreadable, faults);
    }

    /// <summary>The meaning of a policy; what has faults is reported and left out.</summary>
    public static BoundPolicy Bind(PolicySyntax policy, IReadOnlyDictionary<string, AttributeDefinition> attributes, WaiverTerms terms, Faults faults) =>
        new PolicyBinder(policy, attributes, terms, faults).Policy();

    private BoundPolicy Policy()
    {
        // What nothing uses is checked all the same.
        foreach (DeclarationSyntax.Define define in _policy.Declarations.OfType<DeclarationSyntax.Define>())
        {
            bool isClock = ClockBinder.ReadingOf(define.Name.Text) is not null;
            if (isClock || _attributes.ContainsKey(define.Name.Text))
                _faults.HidesAttribute(_policy.Source, define.Name, isClock);
            if (_defines[define.Name.Text] == define)
                _conditions.Define(define, define.Name);
            else
                _conditions.Bind(define.Condition);
        }
        foreach (DeclarationSyntax.Profile profile in _policy.Declarations.OfType<DeclarationSyntax.Profile>())
        {
            if (_profiles[profile.Name.Text] == profile)
                _outcomes.Profile(profile, profile.Name);
            else
                _outcomes.Bind(profile.Outcome, profile.Kind);
        }
        BoundCondition target = _conditions.Bind(_policy.Target);
        var policy = new BoundPolicy(_policy.Name.Text, _policy.Source.PositionOf(_policy.Name.Span), target, Blocks(), Demands())
        {
            Waivers = [.. _policy.Declarations.OfType<DeclarationSyntax.Waive>().Select(waive => Waiver(waive, target)).OfType<BoundWaiver>()],
            Invariants = [.. _policy.Declarations.OfType<DeclarationSyntax.Invariant>().Select(invariant => Invariant(invariant, target))],
        };
        // Where something is wrong, what the policy says may be just that.
        if (!_faults.HasErrors && policy is { Blocks: [], Demands: [], Waivers: [], Invariants: [] })
            _faults.SaysNothingAtAll(_policy.Source, _policy.Name);
        return policy;
    }

    private ImmutableArray<BoundBlock> Blocks()
    {
        var blocks = ImmutableArray.CreateBuilder<BoundBlock>();
        foreach (DeclarationSyntax.Block block in _policy.Declarations.OfType<DeclarationSyntax.Block>())
        {
            if (blocks.FirstOrDefault(earlier => earlier.Kind == block.Kind) is { } first)
                _faults.DeclaredTwice(_policy.Source, block.Keyword, $"the `{block.Kind.Name()}` block", first.Source);
            blocks.Add(Block(block));
        }
        return blocks.ToImmutable();
    }

    private BoundBlock Block(DeclarationSyntax.Block block)
    {
        var cases = ImmutableArray.CreateBuilder<BoundCase>();
        foreach (CaseSyntax syntax in block.Cases)
        {
            Outcome says = syntax.Answer switch
            {
                AnswerSyntax.Use use => _outcomes.Bind(use.Outcome, block.Kind),
                AnswerSyntax.Deny deny => Outcome.Deny(block.Kind, Reason(deny.Reason, syntax.Span, "a `deny`")),
                _ => throw new InvalidOperationException($"no binding for {syntax.Answer.GetType().Name}"),
            };
            string label = syntax.When is null ? $"{block.Kind.Name()} otherwise" : $"{block.Kind.Name()} case {cases.Count + 1}";
            cases.Add(new BoundCase(_conditions.Bind(syntax.When), Rule(label, syntax.Keyword, says)));
        }
        if (block.Cases.All(c => c.When is not null))
        {
            Outcome denial = Outcome.Deny(block.Kind, $"no case of `{block.Kind.Name()}` in policy `{_policy.Name.Text}` matches");
            cases.Add(new BoundCase(BoundCondition.Always, Rule($"{block.Kind.Name()} without a case that matches", block.Keyword, denial)));
        }
        BlockCheck.Warn(block, _policy.Source, _faults);
        return new BoundBlock(block.Kind, _policy.Source.PositionOf(block.Keyword), cases.ToImmutable());
    }

    private ImmutableArray<BoundDemand> Demands()
    {
        var demands = ImmutableArray.CreateBuilder<BoundDemand>();
        var names = new Dictionary<string, SourcePosition>(StringComparer.Ordinal);
        foreach (DeclarationSyntax declaration in _policy.Declarations)
        {
            (NameSyntax name, string word, Outcome says, ConditionSyntax? when) = declaration switch
            {
                DeclarationSyntax.Require require => (require.Name, "require", _outcomes.Bind(require.Outcome, require.Kind), require.When),
                DeclarationSyntax.Forbid forbid => (forbid.Name, "forbid", Outcome.Deny(forbid.Kind, Reason(forbid.Reason, forbid.Span, "a `forbid`")), forbid.When),
                _ => default((NameSyntax, string, Outcome, ConditionSyntax?)),
            };
            if (word is null)
                continue;
            SourcePosition position = _policy.Source.PositionOf(name.Span);
            if (!names.TryAdd(name.Text, position))
                _faults.DeclaredTwice(_policy.Source, name.Span, $"`{name.Text}`", names[name.Text]);
            // Where something is wrong, what it demands may be just that.
            if (says is { IsDenied: false } && !says.Values.Any() && !_faults.HasErrors)
                _faults.DemandsNothing(_policy.Source, name);
            demands.Add(new BoundDemand(name.Text, _conditions.Bind(when), Rule($"{word} {name.Text}", name.Span, says)));
        }
        return demands.ToImmutable();
    }

    private BoundWaiver? Waiver(DeclarationSyntax.Waive waive, BoundCondition target)
    {
        BoundCondition when = Both(target, _conditions.Bind(waive.When));
        if (AbsenceTest.Of(when, _attributes) is { } absent)
            _faults.WaivedByAbsence(_policy.Source, waive.Demand.Span, absent);
        return _terms.Check(waive, _policy.Source, _faults) is { } time
            ? new BoundWaiver(waive.Demand.Text, when, time.From, time.Until, waive.Because, waive.ApprovedBy, _policy.Source.PositionOf(waive.Demand.Span))
            : null;
    }

    private BoundInvariant Invariant(DeclarationSyntax.Invariant invariant, BoundCondition target)
    {
        if (string.IsNullOrWhiteSpace(invariant.Text))
            _faults.SaysNothing(_policy.Source, invariant.Span, "an invariant", "what always holds, in words");
        Outcome always = invariant.Outcome is { } outcome ? _outcomes.Bind(outcome, invariant.Kind) : Outcome.Deny(invariant.Kind, invariant.Text is "" ? "always" : invariant.Text);
        if (invariant.Outcome is { Profile: null, Fields.IsEmpty: true })
            _faults.SaysNothing(_policy.Source, invariant.Span, "an invariant", "a field that decisions always have");
        return new BoundInvariant(invariant.Text, Both(target, _conditions.Bind(invariant.When)), always, _policy.Source.PositionOf(invariant.Span));
    }

    private static BoundCondition Both(BoundCondition target, BoundCondition when) =>
        target is BoundCondition.Constant { Value: true } ? when : new BoundCondition.All([target, when]);

    private Rule Rule(string label, Span at, Outcome says) => new(_policy.Name.Text, label, _policy.Source.PositionOf(at), says);

    /// <summary>A denial always says something: whoever is denied reads it.</summary>
    private string Reason(string reason, Span at, string what)
    {
        if (!string.IsNullOrWhiteSpace(reason))
            return reason;
        _faults.SaysNothing(_policy.Source, at, what, "why, for whoever is denied");
        return "denied without a reason";
    }

    private Dictionary<string, T> Named<T>(string what, Func<T, NameSyntax> nameOf)
        where T : DeclarationSyntax
    {
        var found = new Dictionary<string, T>(StringComparer.Ordinal);
        foreach (T declaration in _policy.Declarations.OfType<T>())
        {
            NameSyntax name = nameOf(declaration);
            if (!found.TryAdd(name.Text, declaration))
                _faults.DeclaredTwice(_policy.Source, name.Span, $"the {what} `{name.Text}`", _policy.Source.PositionOf(nameOf(found[name.Text]).Span));
        }
        return found;
    }
}
