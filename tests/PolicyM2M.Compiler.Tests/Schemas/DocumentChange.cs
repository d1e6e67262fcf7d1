using System.Text.Json.Nodes;

namespace PolicyM2M.Compiler.Tests.Schemas;

/// <summary>Changes a sound document at one place, at any depth, in the ways in which authors get one wrong.</summary>
internal static class DocumentChange
{
    /// <summary>Words and values that some field has, with faults beside them.</summary>
    public static readonly string[] Texts =
    [
        "plain", "when", "true", "null", "1h", "1h30m", "5", "200000d", "15000w", "0s", "1m1h", "banana", "2/3", "10%", "110%", "66.7%", "1/0", "required", "required, required", "optional", "hsm", "hard", "hard within 6h",
        "within 6h", "within", "x509", "x509, psk", "psk, psk", "x509 psk", "+ psk", "- x509", "-1.3", "1.3", "1.3, TLS1.3", "TLS1.3", "TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA257", "x25519, x448", "where aead", "where",
        "2027-02-29", "2028-02-29", "2027-01-31T06:00Z", "2027-01-31T24:00Z", "2027-01-31T06:00+15:00", "+02:00", "+14:30", "auth", "auth.lifetime", "unconstrained", "10.0.0.7", "10.0.0.256", "2001:db8::1", "2.4.0-rc.1", "9.9.9.9.9",
    ];

    /// <summary>Makes one change, and says which: the place, and what became of it.</summary>
    public static string Make(JsonNode root, Random random)
    {
        JsonNode[] places = [.. Below(root).Where(node => node is JsonObject { Count: > 0 } or JsonArray { Count: > 0 })];
        JsonNode place = places[random.Next(places.Length)];
        return place is JsonArray list ? OfList(list, random) : OfMapping((JsonObject)place, random);
    }

    private static string OfList(JsonArray list, Random random)
    {
        int at = random.Next(list.Count);
        switch (random.Next(5))
        {
            case 0:
                list.Clear();
                return $"{list.GetPath()} is empty";
            case 1:
                list.Add(list[at]?.DeepClone());
                return $"{list.GetPath()} has [{at}] twice";
            case 2:
                list.RemoveAt(at);
                return $"{list.GetPath()} without [{at}]";
            default:
                list[at] = Value(list[at], random);
                return $"{list.GetPath()}[{at}] = {list[at]?.ToJsonString() ?? "null"}";
        }
    }

    private static string OfMapping(JsonObject mapping, Random random)
    {
        string key = mapping.ElementAt(random.Next(mapping.Count)).Key;
        JsonNode? value = mapping[key];
        switch (random.Next(6))
        {
            case 0:
                mapping.Remove(key);
                return $"{mapping.GetPath()} without {key}";
            case 1:
                mapping.Remove(key);
                mapping["un known"] = value;
                return $"{mapping.GetPath()}: {key} misspelt";
            case 2:
                mapping["un known"] = value?.DeepClone();
                return $"{mapping.GetPath()}: a key more";
            default:
                mapping[key] = Value(value, random);
                return $"{mapping.GetPath()}.{key} = {mapping[key]?.ToJsonString() ?? "null"}";
        }
    }

    /// <summary>A value of another type, none at all, one that no list of words has, one beyond a range, or one that other fields have.</summary>
    private static JsonNode? Value(JsonNode? before, Random random) => random.Next(11) switch
    {
        0 => new JsonObject(),
        1 => new JsonArray(),
        2 => JsonValue.Create(""),
        3 => new JsonArray(new JsonArray("a")),
        4 => new JsonObject { ["a"] = "b" },
        5 => JsonValue.Create(random.Next(2) == 0),
        6 => JsonValue.Create(random.GetItems([-1L, 0, 5, 17, 1_000_000_000_000L], 1)[0]),
        7 => JsonValue.Create(random.GetItems([0.5m, 1.3m, 66.7m], 1)[0]),
        8 => JsonValue.Create(random.GetItems(Texts, 1)[0]),
        9 => null,
        _ => before is JsonArray ? new JsonArray(before.DeepClone()) : new JsonArray(before?.DeepClone(), before?.DeepClone()),
    };

    private static IEnumerable<JsonNode> Below(JsonNode? node)
    {
        if (node is null)
            yield break;
        yield return node;
        IEnumerable<JsonNode?> children = node switch { JsonObject mapping => mapping.Select(entry => entry.Value), JsonArray list => list, _ => [] };
        foreach (JsonNode below in children.SelectMany(Below))
            yield return below;
    }
}
