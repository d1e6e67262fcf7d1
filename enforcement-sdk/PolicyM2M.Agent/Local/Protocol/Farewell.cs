using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Connections;

namespace PolicyM2M.Agent.Local.Protocol;

/// <summary>
/// Tells a peer that is not served why, so that it does not look as if no agent were there: settings, with which each end of HTTP/2 begins, and GOAWAY (RFC 9113, 6.5 and 6.8). Nothing that the peer
/// sends is read but to throw it away. Its count is atomic; safe for all threads.
/// </summary>
internal sealed class Farewell
{
    /// <summary>Beyond so many at a time a connection ends without a word: whoever makes ever new ones must not have the agent talk to all of them.</summary>
    private const int MostAtATime = 16;

    private const int HeaderBytes = 9, LengthBytes = 3;

    private const byte Settings = 4, GoAway = 7;

    /// <summary>A peer begins, and ends when it was told, at once, but for one on a machine that is busy; more than a few never wait, whatever the time.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private int _underWay;

    /// <summary>Says it, and ends the connection.</summary>
    public async Task SayAsync(ConnectionContext connection, Refusal refusal)
    {
        try
        {
            if (Interlocked.Increment(ref _underWay) > MostAtATime)
            {
                connection.Abort();
                return;
            }
            using var bound = new CancellationTokenSource(Longest);
            // A client that has not said its first words does not listen yet; one that is still speaking when the socket is closed may not listen to the end.
            if (await IsThereAsync(connection.Transport.Input, bound.Token))
            {
                await connection.Transport.Output.WriteAsync(Words(refusal), bound.Token);
                while (await IsThereAsync(connection.Transport.Input, bound.Token))
                {
                    // Until it has gone.
                }
            }
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            // It was told what there was to tell, or did not wait for it.
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }

    internal static byte[] Words(Refusal refusal)
    {
        byte[] reason = Encoding.UTF8.GetBytes(refusal.Reason), words = new byte[HeaderBytes + HeaderBytes + 2 * sizeof(uint) + reason.Length];
        words[LengthBytes] = Settings;
        Span<byte> goAway = words.AsSpan(HeaderBytes);
        BinaryPrimitives.WriteUInt16BigEndian(goAway[1..], (ushort)(2 * sizeof(uint) + reason.Length));
        goAway[LengthBytes] = GoAway;
        // No stream was looked at: the last one is 0.
        BinaryPrimitives.WriteUInt32BigEndian(goAway[(HeaderBytes + sizeof(uint))..], (uint)refusal.Code);
        reason.CopyTo(goAway[(HeaderBytes + 2 * sizeof(uint))..]);
        return words;
    }

    /// <summary>Takes what the peer says; false where it has ended.</summary>
    private static async ValueTask<bool> IsThereAsync(PipeReader input, CancellationToken ending)
    {
        ReadResult read = await input.ReadAsync(ending);
        input.AdvanceTo(read.Buffer.End);
        return !read.IsCompleted;
    }
}
