using System.IO.Pipelines;
using PolicyM2M.Wire;

namespace PolicyM2M.Pdp.Limits;

/// <summary>Waits for the whole of a request that is no stream, and not for ever. It stays in the connection's own buffer, where whoever answers finds it.</summary>
internal static class RequestArrival
{
    /// <summary>The flag and the length before a message of gRPC.</summary>
    private const int FrameBytes = 5;

    /// <summary>Whether the request is there, or enough of it to see that it is too large; false where it is late, or its sender has gone.</summary>
    public static async ValueTask<bool> CompletesAsync(HttpContext http, TimeSpan grace)
    {
        PipeReader body = http.Request.BodyReader;
        CancellationTokenSource? late = null;
        try
        {
            while (true)
            {
                if (!body.TryRead(out ReadResult read))
                    read = await body.ReadAsync((late ??= new CancellationTokenSource(grace)).Token);
                bool isThere = read.IsCompleted || read.Buffer.Length > RequestLimits.MaximumMessageBytes + FrameBytes;
                body.AdvanceTo(read.Buffer.Start, isThere ? read.Buffer.Start : read.Buffer.End);
                if (isThere)
                    return true;
            }
        }
        catch (Exception end) when (end is OperationCanceledException or IOException)
        {
            return false;
        }
        finally
        {
            late?.Dispose();
        }
    }
}
