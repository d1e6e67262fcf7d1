using PolicyM2M.Compiler.Diagnostics;

namespace PolicyM2M.Benchmarks.Measuring;

/// <summary>A generated set was refused: a finding to be printed, and no fault of the benchmarks.</summary>
internal sealed class SetDoesNotCompileException(string set, IEnumerable<Diagnostic> diagnostics)
    : Exception($"{set} does not compile: {string.Join("; ", diagnostics.Take(3).Select(fault => $"{fault.Code} {fault.Position}: {fault.Message}"))}");
