using BenchmarkDotNet.Running;
using PolicyM2M.Benchmarks;

return OwnCommands.TryRun(args) ?? (BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args) is null ? 1 : 0);
