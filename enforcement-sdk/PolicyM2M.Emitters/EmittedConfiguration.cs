using System.Collections.Immutable;

namespace PolicyM2M.Emitters;

/// <summary>How much of a decision a configuration holds.</summary>
public enum Fidelity
{
    /// <summary>All of it.</summary>
    Exact,

    /// <summary>Less than it allows, or in another order, or with a part that something else must hold; never more.</summary>
    Approximated,

    /// <summary>It cannot be held: the channel must not be opened, and what is emitted lets nobody through.</summary>
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

    /// <summary>
    /// The stack does not hold it, and need not: the application does, or something else, as whoever configures it says; or the decision itself leaves it open.
    /// </summary>
    Unheld,
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
/// <param name="Files">The files. After a denial, and where it is infeasible, those with which no connection comes about; none where the stack has no such setting.</param>
/// <param name="Refuses">Whether the files let no connection through.</param>
/// <param name="Losses">What of the decision it does not hold; empty where it is exact.</param>
public sealed record EmittedConfiguration(StackKind Stack, ImmutableArray<EmittedFile> Files, bool Refuses, ImmutableArray<Loss> Losses)
{
    /// <summary>Names of files that other decisions give this stack and this one does not: whoever keeps it at what is decided takes them away.</summary>
    public ImmutableArray<string> Absent { get; init; } = [];

    /// <summary>How much of the decision it holds.</summary>
    public Fidelity Fidelity => Losses.Any(loss => loss.Kind == LossKind.Unenforceable) ? Fidelity.Infeasible
        : Losses.IsEmpty ? Fidelity.Exact
        : Fidelity.Approximated;
}
