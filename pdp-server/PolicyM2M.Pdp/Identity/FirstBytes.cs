using System.Buffers;
using System.IO.Pipelines;

namespace PolicyM2M.Pdp.Identity;

/// <summary>Looks at what a connection begins with: the library of TLS takes a caller that speaks something else for one whose handshake failed, and who reads that looks for the fault in certificates.</summary>
internal static class FirstBytes
{
    /// <summary>The content type of a handshake (RFC 8446, section 5.1).</summary>
    private const byte Handshake = 22;

    /// <summary>More bytes than the first line of a request has before its version.</summary>
    private const int LongestLine = 4_096;

    /// <summary>Why no handshake can come of a connection; null where it begins as one. What was looked at stays to be read.</summary>
    /// <param name="input">What comes over the connection.</param>
    /// <param name="patience">How long it may say nothing.</param>
    /// <param name="clock">The time.</param>
    public static async Task<string?> FaultAsync(PipeReader input, TimeSpan patience, TimeProvider clock)
    {
        using var late = new CancellationTokenSource(patience, clock);
        try
        {
            ReadResult first = await input.ReadAsync(late.Token);
            string? fault = first.Buffer.IsEmpty ? "it ended the connection before it said anything" : FaultOf(first.Buffer);
            input.AdvanceTo(first.Buffer.Start);
            return fault;
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            return $"it said nothing within {patience.TotalSeconds} seconds";
        }
        catch (IOException)
        {
            return "it ended the connection before it said anything";
        }
    }

    private static string? FaultOf(ReadOnlySequence<byte> first)
    {
        if (first.FirstSpan[0] == Handshake)
            return null;
        return first.Slice(0, Math.Min(first.Length, LongestLine)).ToArray().AsSpan().IndexOf("HTTP/"u8) >= 0
            ? "it speaks plain HTTP, and here is TLS only: it calls http:// where https:// is meant, or something on the way ends TLS"
            : "what it sends is not TLS, and here is nothing else";
    }
}
