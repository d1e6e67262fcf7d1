using Grpc.Core;
using Microsoft.AspNetCore.Routing.Template;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Pdp.Rest;

/// <summary>What a caller is told that asks for a path which is none, or by another method than it has: the same body as with any other fault, which the router leaves empty.</summary>
internal static class RestUnknown
{
    private const string Where = $"GET {RestEndpoints.OpenApiPath} describes what there is";

    private static readonly (TemplateMatcher Template, string Verb)[] Templates = [.. RestRoute.All.Select(route => (new TemplateMatcher(TemplateParser.Parse(route.Path), []), route.Verb))];

    /// <summary>Speaks where nobody else did. Comes before the endpoints.</summary>
    public static void UseRestUnknown(this WebApplication pdp) => pdp.Use(async (http, next) =>
    {
        await next(http);
        if (http.Response.HasStarted || http.Response.StatusCode is not (StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed))
            return;
        string path = Shown(http.Request.Path), taken = string.Join(", ", Taken(http.Request.Path));
        if (taken.Length == 0)
        {
            await RestAnswer.WriteAsync(http, new Status(StatusCode.NotFound, $"there is no `{path}`; {Where}"));
            return;
        }
        http.Response.Headers.Allow = taken;
        await RestAnswer.WriteAsync(http, StatusCodes.Status405MethodNotAllowed, new Status(StatusCode.Unimplemented, $"`{path}` takes {taken}, and not {http.Request.Method}; {Where}"));
    });

    /// <summary>The methods of a path. The router cannot be asked: what gRPC does not implement takes every path of two segments.</summary>
    private static IEnumerable<string> Taken(PathString path) => path == RestEndpoints.OpenApiPath ? ["GET"]
        : Templates.Where(route => route.Template.TryMatch(path, [])).Select(route => route.Verb);

    private static string Shown(PathString path) => PlainLine.Of(path.Value is { Length: > 100 } text ? text[..100] : path.Value ?? "");
}
