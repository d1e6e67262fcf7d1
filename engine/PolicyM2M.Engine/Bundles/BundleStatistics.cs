namespace PolicyM2M.Engine.Bundles;

/// <summary>How large the trees of a bundle are.</summary>
/// <param name="Nodes">How many nodes there are; subtrees that are equal are one.</param>
/// <param name="Depth">How many nodes the longest way from a root to an answer meets; where a node forks, the longest of its ways.</param>
/// <param name="Cases">How many cases stand in leaves that keep several: those that no tree could tell apart in reasonable room.</param>
public sealed record BundleStatistics(int Nodes, int Depth, int Cases);
