using System.Collections.Immutable;
using PolicyM2M.Engine;

namespace PolicyM2M.Compiler.SelfTests;

/// <summary>What became of a bundle's self-test.</summary>
/// <param name="Witnesses">How many contexts were decided in both ways.</param>
/// <param name="Faults">Where the bundle decides otherwise than its policies say; empty where it never does.</param>
public sealed record SelfTestResult(int Witnesses, ImmutableArray<SelfTestFault> Faults);

/// <summary>A decision of the bundle that is not what the policies say.</summary>
/// <param name="Source">The rule whose witness it was.</param>
/// <param name="Message">What was decided, for which context, and what the policies say.</param>
public sealed record SelfTestFault(SourcePosition Source, string Message);
