using Grpc.Core;

namespace PolicyM2M.Pdp.Rest;

/// <summary>What a caller is told that asks for a path which is none, or by another method than it has: the same body as with any other fault, which the router leaves empty.</summary>
internal static class RestUnknown
{
    private const string Where = $"GET {RestEndpoints.OpenApiPath} describes what there is";

    /// <summary>Speaks where nobody else did. Comes before the endpoints.</summary>
    public static void UseRestUnknown(this WebApplication pdp) => pdp.Use(async (http, next) =>
    {
        await next(http);
        if (http.Response.HasStarted || http.Response.StatusCode is not (StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed))
            return;
        (int status, string path) = (http.Response.StatusCode, Shown(http.Request.Path));
        await (status == StatusCodes.Status404NotFound
            ? RestAnswer.WriteAsync(http, status, new Status(StatusCode.NotFound, $"there is no `{path}`; {Where}"))
            : RestAnswer.WriteAsync(http, status, new Status(StatusCode.Unimplemented, $"`{path}` takes {http.Response.Headers.Allow}, and not {http.Request.Method}; {Where}")));
    });

    private static string Shown(PathString path) => string.Concat((path.Value ?? "").Take(100).Select(c => char.IsControl(c) ? '?' : c));
}
