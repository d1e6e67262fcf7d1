using System.Runtime;

namespace PolicyM2M.Agent;

/// <summary>The heap at the two moments at which the daemon knows more of it than the collector does: while it reads what it kept, and when it has started.</summary>
internal static class ProcessHeap
{
    /// <summary>New objects for each byte of a store that is read: 23 were counted for 2,000 decisions of the common workload.</summary>
    private const int BytesForEach = 24;

    /// <summary>A gateway has no more to spare, and a smaller store is read before anything would be collected.</summary>
    private const long Most = 64 << 20, Least = 1 << 20;

    /// <summary>Of what the process may have. All at once would leave none for what else a start does.</summary>
    private const int Part = 3;

    /// <summary>When all is read and the first decisions are made.</summary>
    private static readonly TimeSpan ToSettle = TimeSpan.FromSeconds(2);

    /// <summary>Reads a store without collecting meanwhile: what is read stays, and to find that out, once and again, would take a third of the time.</summary>
    /// <param name="stored">How many bytes are there to be read.</param>
    /// <param name="read">Reads them.</param>
    public static T Fill<T>(long stored, Func<T> read)
    {
        if (!Hold(stored))
            return read();
        try
        {
            return read();
        }
        finally
        {
            End();
        }
    }

    /// <summary>Gives the memory back that a start takes and the daemon does not need after it. Once: it stops everything for some milliseconds.</summary>
    public static async Task GiveBackAsync(CancellationToken ending)
    {
        await Task.Delay(ToSettle, ending);
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }

    /// <summary>It ended by itself where more was needed than was asked for; another thread, which reads the bundle, may bring that about just now.</summary>
    private static void End()
    {
        try
        {
            if (GCSettings.LatencyMode == GCLatencyMode.NoGCRegion)
                GC.EndNoGCRegion();
        }
        catch (InvalidOperationException) when (GCSettings.LatencyMode != GCLatencyMode.NoGCRegion)
        {
            // Then there is nothing to end.
        }
    }

    private static bool Hold(long stored)
    {
        long spare = Math.Min(Most, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / Part), bytes = Math.Min(stored, spare / BytesForEach) * BytesForEach;
        try
        {
            return bytes >= Least && GC.TryStartNoGCRegion(bytes);
        }
        catch (Exception refused) when (refused is ArgumentOutOfRangeException or OutOfMemoryException or InvalidOperationException)
        {
            // There is not so much, or somebody else holds it already: a start that collects is only slower.
            return false;
        }
    }
}
