using System.Globalization;
using Grpc.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using PolicyM2M.Pdp.Identity;

namespace PolicyM2M.Pdp.Limits;

/// <summary>
/// Takes calls or turns them away before anything of them is read. Whoever is turned away is told at once, and when to come again: <c>grpc-retry-pushback-ms</c>, by which gRPC
/// clients go that retry (gRFC A6).
/// </summary>
internal static class Admission
{
    private const double MinimumResponseBytesPerSecond = 240;
    private const string RetryPushback = "grpc-retry-pushback-ms";

    /// <summary>The limits that the web server keeps itself.</summary>
    public static void Keep(this KestrelServerOptions kestrel, CallLimits limits)
    {
        // How much of a body is taken is for those who read it, who say so in words: one that declares far more would otherwise be one that did not arrive.
        kestrel.Limits.MaxRequestBodySize = null;
        // A reader that takes less than this loses its connection, whatever is on it: what waits for it (64 KiB of a stream at most) is held in memory until then.
        kestrel.Limits.MinResponseDataRate = new MinDataRate(MinimumResponseBytesPerSecond, limits.ReaderGrace);
        // A peer that is gone without a word (no power, no network) is noticed, and its connection is free again.
        kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(60);
        kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);
    }

    /// <summary>Lets every request through here first.</summary>
    /// <param name="pdp">The server.</param>
    /// <param name="atOnce">Answers what can be answered at once, where all of it has arrived; null for what cannot, of which nothing is read then.</param>
    public static void UseAdmission(this WebApplication pdp, Func<HttpContext, CallerConnection, Task?> atOnce)
    {
        IServiceProvider services = pdp.Services;
        var gate = new AdmissionGate(
            services.GetRequiredService<CallerLoads>(), services.GetRequiredService<Overloads>(), new StreamPaths(services.GetRequiredService<EndpointDataSource>()),
            services.GetRequiredService<CallLimits>().RequestGrace, atOnce);
        pdp.Use(gate.Admit);
    }

    /// <summary>What a call that has begun ends with where it is beyond a limit.</summary>
    public static RpcException Refusal(Overload overload, string reason) =>
        new(new Status(StatusCode.ResourceExhausted, $"{reason}; try again later"), new Metadata { { RetryPushback, Pushback(overload).ToString(CultureInfo.InvariantCulture) } });

    private static double Pushback(Overload overload) => Math.Ceiling(Math.Max(1, overload.RetryAfter.TotalMilliseconds));

    /// <summary>An answer of headers only, as gRPC has it for calls that fail at once; for whoever comes without gRPC, that of HTTP (RFC 6585, section 4).</summary>
    public static void Refuse(HttpContext http, Overload overload)
    {
        double milliseconds = Pushback(overload);
        if (!IsGrpc(http))
        {
            http.Response.StatusCode = StatusCodes.Status429TooManyRequests;
            http.Response.Headers.RetryAfter = Math.Ceiling(milliseconds / 1_000).ToString(CultureInfo.InvariantCulture);
            return;
        }
        Fail(http, StatusCode.ResourceExhausted, $"{overload.Reason}; try again later");
        http.Response.Headers[RetryPushback] = milliseconds.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Ends a call that did not arrive in its time, as gRPC has it; for whoever comes without gRPC, as HTTP does (RFC 9110, section 15.5.9).</summary>
    public static void EndLate(HttpContext http, TimeSpan grace)
    {
        if (IsGrpc(http))
            Fail(http, StatusCode.DeadlineExceeded, $"the request did not arrive within {grace.TotalSeconds} seconds");
        else
            http.Response.StatusCode = StatusCodes.Status408RequestTimeout;
    }

    private static bool IsGrpc(HttpContext http) => http.Request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true;

    /// <summary>Ends a call of gRPC of which nothing was answered. The message is of plain ASCII.</summary>
    public static void Fail(HttpContext http, StatusCode code, string message)
    {
        http.Response.ContentType = "application/grpc";
        http.Response.Headers["grpc-status"] = ((int)code).ToString(CultureInfo.InvariantCulture);
        http.Response.Headers["grpc-message"] = message;
    }
}
