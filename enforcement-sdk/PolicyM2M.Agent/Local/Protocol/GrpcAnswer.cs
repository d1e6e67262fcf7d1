using System.Globalization;
using System.Text;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace PolicyM2M.Agent.Local.Protocol;

/// <summary>
/// Answers calls of gRPC over HTTP/2, as its protocol says. The server of ASP.NET does more than a daemon on a small machine needs (interceptors, compression, JSON, routing) and is larger than the
/// rest of the agent; what the socket needs is this.
/// </summary>
internal static class GrpcAnswer
{
    private const string ContentType = "application/grpc";

    /// <summary>Answers one call; it ends with a status whatever happens.</summary>
    /// <param name="http">The call.</param>
    /// <param name="methods">Who answers it.</param>
    /// <param name="failed">Told of a failure that is ours: the caller hears only that there was one.</param>
    public static async Task AnswerAsync(HttpContext http, MethodTable methods, Action<Exception> failed)
    {
        if (!IsGrpc(http.Request.ContentType))
        {
            http.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }
        http.Response.ContentType = ContentType;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        Grpc.Core.Status status;
        try
        {
            if (Timeout(http.Request.Headers["grpc-timeout"].ToString()) is { } timeout)
                ending.CancelAfter(timeout);
            status = methods.Find(http.Request.Path.Value ?? "") is { } method
                ? await Done(method(http, new LocalCall(http, ending.Token)))
                : new Grpc.Core.Status(StatusCode.Unimplemented, "there is no such method");
        }
        catch (RpcException refusal)
        {
            status = refusal.Status;
        }
        catch (OperationCanceledException)
        {
            status = Late;
        }
        catch (Exception failure)
        {
            if (!http.RequestAborted.IsCancellationRequested)
                failed(failure);
            status = new Grpc.Core.Status(StatusCode.Internal, "the agent failed; its log says why");
        }
        if (http.RequestAborted.IsCancellationRequested)
            return;
        // What waits for its caller to hang up ends well when the deadline comes, and is late nevertheless.
        if (ending.IsCancellationRequested)
            status = Late;
        http.Response.AppendTrailer("grpc-status", ((int)status.StatusCode).ToString(CultureInfo.InvariantCulture));
        if (status.Detail.Length > 0)
            http.Response.AppendTrailer("grpc-message", Encoded(status.Detail));
    }

    /// <summary>The type alone, or with how messages are written or parameters after it (gRPC over HTTP2, "Content-Type"). What begins so and goes on otherwise, as gRPC-Web does, is another protocol.</summary>
    private static bool IsGrpc(string? type) => type?.StartsWith(ContentType, StringComparison.Ordinal) == true && type.AsSpan(ContentType.Length) is [] or ['+', ..] or [';', ..];

    /// <summary>
    /// As the protocol has it (gRPC over HTTP2, "Percent-Encoded"): what is no printable character of ASCII, and the percent sign. No more than that, since some clients show a message as it came.
    /// </summary>
    private static string Encoded(string text)
    {
        var encoded = new StringBuilder();
        foreach (byte one in Encoding.UTF8.GetBytes(text))
        {
            if (one is >= 0x20 and <= 0x7E and not (byte)'%')
                encoded.Append((char)one);
            else
                encoded.Append(CultureInfo.InvariantCulture, $"%{one:X2}");
        }
        return encoded.ToString();
    }

    private static Grpc.Core.Status Late => new(StatusCode.DeadlineExceeded, "the caller's deadline has passed");

    private static async Task<Grpc.Core.Status> Done(Task answered)
    {
        await answered;
        return Grpc.Core.Status.DefaultSuccess;
    }

    /// <summary>A number of at most eight digits, and its unit (gRPC over HTTP2, "Timeout").</summary>
    private static TimeSpan? Timeout(string header)
    {
        if (header.Length is < 2 or > 9 || !long.TryParse(header.AsSpan(0, header.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out long amount))
            return null;
        TimeSpan? timeout = header[^1] switch
        {
            'H' => TimeSpan.FromHours(amount),
            'M' => TimeSpan.FromMinutes(amount),
            'S' => TimeSpan.FromSeconds(amount),
            'm' => TimeSpan.FromMilliseconds(amount),
            'u' => TimeSpan.FromMicroseconds(amount),
            'n' => TimeSpan.FromTicks(amount / TimeSpan.NanosecondsPerTick),
            _ => null,
        };
        return timeout is { TotalMilliseconds: < int.MaxValue } ? timeout : null;
    }
}
