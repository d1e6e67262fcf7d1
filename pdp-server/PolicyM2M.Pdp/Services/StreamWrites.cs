using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;

namespace PolicyM2M.Pdp.Services;

/// <summary>Writes to streams whose readers may be slow, and for whom the end of a server does not wait.</summary>
internal static class StreamWrites
{
    /// <summary>The error code of HTTP/2 for what is not wanted any more (RFC 9113, section 7), for which clients of gRPC say CANCELLED.</summary>
    private const int Cancel = 8;

    /// <summary>
    /// Writes a message, and comes back once there is room for the next. What is given up meanwhile is reset here: a write that a token ends is reset by gRPC with CANCEL and by the web server with INTERNAL_ERROR,
    /// and its reader is told whichever of these comes first.
    /// </summary>
    /// <exception cref="OperationCanceledException">It was given up, or the reader has gone.</exception>
    public static async Task WriteAsync<T>(this IServerStreamWriter<T> stream, T message, ServerCallContext context, CancellationToken ending)
    {
        ending.ThrowIfCancellationRequested();
        HttpContext http = context.GetHttpContext();
        try
        {
            Task writing = stream.WriteAsync(message, CancellationToken.None);
            if (writing.IsCompletedSuccessfully)
                return;
            using (ending.UnsafeRegister(static http => Reset((HttpContext)http!), http))
                await writing;
        }
        catch (InvalidOperationException gone) when (http.RequestAborted.IsCancellationRequested)
        {
            // What gRPC says of a reader who has gone, and else of a service that writes twice at a time.
            throw new OperationCanceledException(gone.Message, gone, http.RequestAborted);
        }
        ending.ThrowIfCancellationRequested();
    }

    private static void Reset(HttpContext http)
    {
        if (http.Features.Get<IHttpResetFeature>() is { } stream)
            stream.Reset(Cancel);
        else
            http.Abort();
    }
}
