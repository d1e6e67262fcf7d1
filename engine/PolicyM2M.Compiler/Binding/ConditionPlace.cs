using PolicyM2M.Engine;

namespace PolicyM2M.Compiler.Binding;

/// <summary>Whose condition it is.</summary>
/// <param name="At">The word that begins it, or the name that it has.</param>
/// <param name="Length">How long that is.</param>
/// <param name="Instead">What its author can do where the condition always holds.</param>
internal readonly record struct ConditionPlace(SourcePosition At, int Length, string Instead)
{
    private const string WithoutWhen = "the same is said without `when`";

    public static ConditionPlace Of(BoundPolicy policy) => new(policy.Source, policy.Name.Length, "the same is said without `for`");

    public static ConditionPlace Of(BoundCase item) => new(item.Rule.Source, "when".Length, "the same is said by `otherwise`; cases that come after it are never reached");

    public static ConditionPlace Of(BoundDemand demand) => new(demand.Rule.Source, demand.Name.Length, WithoutWhen);

    public static ConditionPlace Of(BoundWaiver waiver) => new(waiver.Source, waiver.Demand.Length, "it takes the demand out for every device: name those that it is for");

    public static ConditionPlace Of(BoundInvariant invariant) => new(invariant.Source, "invariant".Length, WithoutWhen);
}
