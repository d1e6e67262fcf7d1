using System.Text.Json;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Agent.Configuration;

/// <summary>Reads what the gateway says of itself. What a device sends and nobody can use counts as missing; what somebody wrote here by mistake is a fault.</summary>
internal static class ClaimsReading
{
    private const string Name = "claims";

    /// <summary>The claims; nested objects spell dotted names.</summary>
    public static DeviceContext Claims(JsonReading json)
    {
        var claims = new Dictionary<string, AttributeValue>(StringComparer.Ordinal);
        if (json.Element(Name) is { } said)
        {
            if (said.ValueKind == JsonValueKind.Object)
                Gather(said, "", json, claims);
            else
                json.Fault(Name, "expected an object, such as { \"device.type\": \"gateway\" }");
        }
        return DeviceContext.Of(claims);
    }

    private static void Gather(JsonElement said, string around, JsonReading json, Dictionary<string, AttributeValue> claims)
    {
        foreach (JsonProperty claim in said.EnumerateObject())
        {
            string name = around + claim.Name, place = $"{Name}.{name}";
            if (claim.Value.ValueKind == JsonValueKind.Object)
                Gather(claim.Value, name + ".", json, claims);
            else if (!AttributeName.IsOne(name))
                json.Fault(place, $"it is no attribute's name: {AttributeName.Rule}, such as `device.type`");
            else if (Value(claim.Value) is not { } value)
                json.Fault(place, "no attribute can be that: a value is true or false, a whole number of 64 bits, a text, or a list of texts; leave out what is not known");
            else if (!claims.TryAdd(name, value) && !json.IsFaulty(place))
                json.Fault(place, "it is given twice, once within another object: leave one of them");
        }
    }

    private static AttributeValue? Value(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.False => AttributeValue.Of(value.GetBoolean()),
        JsonValueKind.String => AttributeValue.Of(value.GetString()!),
        JsonValueKind.Number when value.TryGetInt64(out long number) => AttributeValue.Of(number),
        JsonValueKind.Array when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) => AttributeValue.Of(value.EnumerateArray().Select(item => item.GetString()!)),
        _ => null,
    };
}
