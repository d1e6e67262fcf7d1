using PolicyM2M.Benchmarks.Measuring;

namespace PolicyM2M.Benchmarks.Table;

/// <summary>How long measuring may take.</summary>
/// <param name="Decisions">For decisions, one thread.</param>
/// <param name="Threads">For two threads.</param>
internal sealed record Effort(Interleaved Decisions, Throughput Threads)
{
    public static readonly Effort Usual = new(new Interleaved(41, TimeSpan.FromMilliseconds(15)), new Throughput(15, TimeSpan.FromMilliseconds(400)));

    public static readonly Effort Quick = new(new Interleaved(9, TimeSpan.FromMilliseconds(5)), new Throughput(5, TimeSpan.FromMilliseconds(200)));
}
