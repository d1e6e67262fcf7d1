namespace PolicyM2M.Enforcement;

/// <summary>Who makes decisions.</summary>
public enum DecisionMode
{
    /// <summary>The decision point. While it is away, what it decided before.</summary>
    Ask,

    /// <summary>The decision point. While it is away, what it decided before; and for what was never asked, the device itself, from the signed bundle that it holds.</summary>
    AskThenBundle,

    /// <summary>The device itself, from the signed bundle that it holds; the decision point only where that is not fresh.</summary>
    Bundle,
}
