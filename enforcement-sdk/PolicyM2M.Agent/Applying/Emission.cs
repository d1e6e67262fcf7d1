using System.Collections.Immutable;

namespace PolicyM2M.Agent.Applying;

/// <summary>What a decision comes to for one service.</summary>
/// <param name="Files">Its files, by their names in the service's folder. Where it is refused: a configuration that lets nobody in, if the stack has one.</param>
/// <param name="Absent">Names of files that earlier decisions may have left there, and that must not stay.</param>
/// <param name="Refusal">Why nothing may run; null where it may.</param>
/// <param name="Loss">What of the decision the stack does otherwise, or something else must hold; empty for nothing.</param>
internal sealed record Emission(ImmutableSortedDictionary<string, string> Files, ImmutableArray<string> Absent, string? Refusal, string Loss)
{
    /// <summary>What is wrong with the revocation lists that the service is given; null for nothing. Where it may run all the same, it stays by those that it has read.</summary>
    public string? Fault { get; init; }
}
