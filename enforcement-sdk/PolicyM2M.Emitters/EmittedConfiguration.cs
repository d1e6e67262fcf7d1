using System.Collections.Immutable;

namespace PolicyM2M.Emitters;

/// <summary>How much of a decision a configuration holds.</summary>
public enum Fidelity
{
    /// <summary>All of it.</summary>
    Exact,

    /// <summary>Less than it allows, or in another order; never more.</summary>
    Approximated,

    /// <summary>It cannot be held, and nothing is emitted: the channel must not be opened.</summary>
    Infeasible,
}

/// <summary>What kind of loss it is.</summary>
public enum LossKind
{
    /// <summary>Something the decision allows is not allowed by the configuration.</summary>
    Tighter,

    /// <summary>The order of preference is not kept.</summary>
    Preference,

    /// <summary>Something the decision demands cannot be enforced: the configuration would be looser.</summary>
    Unenforceable,
}

/// <summary>One thing of a decision that a stack does not do as it was decided.</summary>
/// <param name="Field">The decision's field, such as <c>groups</c>.</param>
/// <param name="Kind">What kind of loss it is.</param>
/// <param name="What">What is lost, and why.</param>
public sealed record Loss(string Field, LossKind Kind, string What)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Field}: {What}";
}

/// <summary>A file of a configuration.</summary>
/// <param name="Name">Its name, without a folder.</param>
/// <param name="Text">All that it holds.</param>
/// <param name="Use">How it is put in force.</param>
public sealed record EmittedFile(string Name, string Text, string Use);

/// <summary>A decision as the configuration of one stack. It holds only where every file of it is in force.</summary>
/// <param name="Stack">The stack.</param>
/// <param name="Files">The files; none where it is infeasible.</param>
/// <param name="Refuses">Whether it lets no connection through, because the decision is a denial.</param>
/// <param name="Losses">What of the decision it does not hold; empty where it is exact.</param>
public sealed record EmittedConfiguration(StackKind Stack, ImmutableArray<EmittedFile> Files, bool Refuses, ImmutableArray<Loss> Losses)
{
    /// <summary>How much of the decision it holds.</summary>
    public Fidelity Fidelity => Losses.Any(loss => loss.Kind == LossKind.Unenforceable) ? Fidelity.Infeasible
        : Losses.IsEmpty ? Fidelity.Exact
        : Fidelity.Approximated;
}
