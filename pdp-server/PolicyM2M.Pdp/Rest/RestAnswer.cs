using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Grpc.Core;

namespace PolicyM2M.Pdp.Rest;

/// <summary>Writes what came of a call: the response as protobuf maps it to JSON, or the code and the message of gRPC under the status of HTTP that goes with it.</summary>
internal static class RestAnswer
{
    public const string Type = "application/json";

    /// <summary>Messages quote what they are about, and people read them. No page shows them as its own: the answer is of the type JSON.</summary>
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonFormatter Json = new(JsonFormatter.Settings.Default);

    public static Task WriteAsync(HttpContext http, IMessage message) => WriteAsync(http, StatusCodes.Status200OK, Json.Format(message));

    public static Task WriteAsync(HttpContext http, Status status) => WriteAsync(http, HttpStatus(status.StatusCode), status);

    /// <summary>Likewise, where the status of HTTP is known.</summary>
    public static Task WriteAsync(HttpContext http, int httpStatus, Status status) => WriteAsync(http, httpStatus,
        new JsonObject { ["code"] = (int)status.StatusCode, ["message"] = status.Detail }.ToJsonString(Plain));

    /// <summary>The mapping of google/rpc/code.proto.</summary>
    public static int HttpStatus(StatusCode code) => code switch
    {
        StatusCode.InvalidArgument or StatusCode.FailedPrecondition or StatusCode.OutOfRange => StatusCodes.Status400BadRequest,
        StatusCode.Unauthenticated => StatusCodes.Status401Unauthorized,
        StatusCode.PermissionDenied => StatusCodes.Status403Forbidden,
        StatusCode.NotFound => StatusCodes.Status404NotFound,
        StatusCode.Aborted or StatusCode.AlreadyExists => StatusCodes.Status409Conflict,
        StatusCode.ResourceExhausted => StatusCodes.Status429TooManyRequests,
        StatusCode.Unimplemented => StatusCodes.Status501NotImplemented,
        StatusCode.Unavailable => StatusCodes.Status503ServiceUnavailable,
        StatusCode.DeadlineExceeded => StatusCodes.Status504GatewayTimeout,
        _ => StatusCodes.Status500InternalServerError,
    };

    private static async Task WriteAsync(HttpContext http, int status, string json)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = Type;
        // A decision has its own times, which no cache on the way knows.
        http.Response.Headers.CacheControl = "no-store";
        await http.Response.WriteAsync(json, http.RequestAborted);
    }
}
