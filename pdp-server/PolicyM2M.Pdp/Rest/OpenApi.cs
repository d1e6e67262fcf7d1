using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Google.Protobuf.Reflection;

namespace PolicyM2M.Pdp.Rest;

/// <summary>The routes as OpenAPI 3.1, made from the contracts.</summary>
internal static partial class OpenApi
{
    private const string Fault = "Fault";

    /// <summary>The document.</summary>
    public static JsonObject Document(IReadOnlyList<RestRoute> routes)
    {
        var schemas = new OpenApiSchemas();
        var paths = new JsonObject();
        foreach (IGrouping<string, RestRoute> path in routes.GroupBy(route => route.Path))
            paths[path.Key] = new JsonObject(path.Select(route => KeyValuePair.Create<string, JsonNode?>(route.Verb.ToLowerInvariant(), Operation(route, schemas))));
        JsonObject all = schemas.All();
        all[Fault] = new JsonObject
        {
            ["type"] = "object",
            ["description"] = "Why there is no answer: the canonical code of gRPC, and what is wrong.",
            ["properties"] = new JsonObject { ["code"] = new JsonObject { ["type"] = "integer" }, ["message"] = new JsonObject { ["type"] = "string" } },
        };
        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "PolicyM2M decision point",
                ["version"] = "v1",
                ["description"] = "The services of policym2m.v1 by JSON. Callers authenticate with a client certificate, over HTTP/2.",
            },
            ["security"] = new JsonArray(new JsonObject { ["certificate"] = new JsonArray() }),
            ["paths"] = paths,
            ["components"] = new JsonObject { ["securitySchemes"] = new JsonObject { ["certificate"] = new JsonObject { ["type"] = "mutualTLS" } }, ["schemas"] = all },
        };
    }

    private static JsonObject Operation(RestRoute route, OpenApiSchemas schemas)
    {
        string[] inPath = [.. Variables().Matches(route.Path).Select(match => match.Groups[1].Value)];
        IEnumerable<FieldDescriptor> fields = route.Rpc.InputType.Fields.InDeclarationOrder();
        var parameters = new JsonArray([.. fields.Where(field => inPath.Contains(field.Name)).Select(field => Parameter(field, field.Name, "path", schemas))]);
        if (!route.HasBody)
        {
            foreach (FieldDescriptor field in fields.Where(field => !inPath.Contains(field.Name)))
                parameters.Add((JsonNode)Parameter(field, field.JsonName, "query", schemas));
        }
        var operation = new JsonObject { ["operationId"] = Id(route, inPath), ["summary"] = route.Summary, ["tags"] = new JsonArray(route.Rpc.Service.Name) };
        if (parameters.Count > 0)
            operation["parameters"] = parameters;
        if (route.HasBody)
            operation["requestBody"] = new JsonObject { ["required"] = true, ["content"] = Content(schemas.Of(route.Rpc.InputType)) };
        operation["responses"] = new JsonObject
        {
            ["200"] = new JsonObject { ["description"] = "The answer.", ["content"] = Content(schemas.Of(route.Rpc.OutputType)) },
            ["default"] = new JsonObject { ["description"] = "Why there is none.", ["content"] = Content(OpenApiSchemas.Reference(Fault)) },
        };
        return operation;
    }

    /// <summary>An RPC that has two routes has two ids.</summary>
    private static string Id(RestRoute route, string[] inPath) => route.Rpc.Name == "Decide" && inPath.Length > 0 ? "DecideFor" : route.Rpc.Name;

    private static JsonObject Parameter(FieldDescriptor field, string name, string place, OpenApiSchemas schemas) =>
        new() { ["name"] = name, ["in"] = place, ["required"] = place == "path", ["schema"] = schemas.OfField(field) };

    private static JsonObject Content(JsonNode schema) => new() { [RestAnswer.Type] = new JsonObject { ["schema"] = schema } };

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex Variables();
}
