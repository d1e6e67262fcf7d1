using Google.Protobuf;
using Grpc.Core;
using PolicyM2M.Pdp.Access;
using PolicyM2M.Pdp.Services;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Rest;

/// <summary>The services for whoever has no gRPC: the same calls, held against the same table, with JSON over HTTP/2.</summary>
internal static class RestEndpoints
{
    public const string OpenApiPath = "/openapi.json";

    public static void MapRest(this WebApplication pdp)
    {
        var rpcs = new RestRpcs();
        DecisionService.BindService(rpcs, pdp.Services.GetRequiredService<DecisionEndpoint>());
        PolicyService.BindService(rpcs, ActivatorUtilities.CreateInstance<PolicyEndpoint>(pdp.Services));
        DeviceService.BindService(rpcs, ActivatorUtilities.CreateInstance<DeviceEndpoint>(pdp.Services));
        AuditService.BindService(rpcs, ActivatorUtilities.CreateInstance<AuditEndpoint>(pdp.Services));
        CallAccess access = pdp.Services.GetRequiredService<CallAccess>();
        foreach (RestRoute route in RestRoute.All)
            pdp.MapMethods(route.Path, [route.Verb], http => AnswerAsync(http, route, rpcs[route.FullName], access));

        string document = OpenApi.Document(RestRoute.All).ToJsonString();
        pdp.MapGet(OpenApiPath, http =>
        {
            http.Response.ContentType = RestAnswer.Type;
            return http.Response.WriteAsync(document, http.RequestAborted);
        });
    }

    private static async Task AnswerAsync(HttpContext http, RestRoute route, Func<IMessage, ServerCallContext, Task<IMessage>> call, CallAccess access)
    {
        try
        {
            var context = new RestCall(http, route.FullName);
            access.Check(context);
            IMessage request = await RestRequest.ReadAsync(http, route);
            // A body may take its time to come, and who is let through may have changed since.
            access.Check(context, request);
            await RestAnswer.WriteAsync(http, await call(request, context));
        }
        catch (RpcException refusal)
        {
            await RestAnswer.WriteAsync(http, refusal.Status);
        }
        catch (RestRefusal refusal)
        {
            await RestAnswer.WriteAsync(http, refusal.HttpStatus, refusal.Status);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The caller hung up, and nobody waits for an answer.
        }
    }
}
