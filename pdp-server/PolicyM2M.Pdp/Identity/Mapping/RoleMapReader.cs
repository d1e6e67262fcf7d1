using System.Text;
using System.Text.Json;
using PolicyM2M.X509;

namespace PolicyM2M.Pdp.Identity.Mapping;

/// <summary>
/// Reads <c>{ "roles": [ { "match": "spiffe://plant-7.example/device/{name}", "role": "device" }, … ] }</c>. Strict: what has no meaning is a fault, and each fault says its
/// line and column, since a file that says who may do what is not one to guess at.
/// </summary>
internal static class RoleMapReader
{
    public const int MaximumBytes = 1 << 20;
    public const int MaximumEntries = 1_000;
    private const int MaximumPrefixLength = 64;

    private const string List = "roles", MatchKey = "match", RoleKey = "role", NameKey = "name", TrustKey = "trust";

    private const string WaysOut = $"give one a `{NameKey}` with a prefix, such as `partner.{{name}}`, or `{{name}}` where they are the same devices";

    /// <summary>A text of the file and where it stands.</summary>
    /// <param name="Text">The text.</param>
    /// <param name="Offset">The byte at which it begins, its quotation mark included.</param>
    /// <param name="IsPlain">Whether each character is one byte, as written.</param>
    private sealed record Located(string Text, int Offset, bool IsPlain);

    /// <summary>A fault, and the byte it is at.</summary>
    private sealed class FaultException(int offset, string message) : Exception(message)
    {
        public int Offset { get; } = offset;
    }

    /// <summary>The mapping; null where the file has faults, each as <c>file:line:column: what is wrong</c>.</summary>
    public static RoleMap? Read(byte[] json, string file, out IReadOnlyList<string> faults)
    {
        List<string> found = [];
        faults = found;
        List<RoleEntry> entries = [];
        try
        {
            var seen = new Dictionary<string, int>(StringComparer.Ordinal);
            foreach ((int offset, Dictionary<string, Located> written) in ReadEntries(json))
            {
                try
                {
                    RoleEntry entry = Bind(offset, written);
                    if (entries.FirstOrDefault(entry.Collides) is { } other)
                        throw new FaultException(written[MatchKey].Offset, $"{entry.Issuer} and {other.Issuer} could each issue the names of the other's devices; {WaysOut}");
                    entries.Add(entry);
                    if (!seen.TryAdd($"{written[MatchKey].Text} {written.GetValueOrDefault(TrustKey)?.Text}", offset))
                        throw new FaultException(written[MatchKey].Offset, "an entry before this one has the same pattern, so that this one is never reached");
                }
                catch (FaultException fault)
                {
                    found.Add(Say(json, file, fault.Offset, fault.Message));
                }
            }
        }
        catch (FaultException fault)
        {
            found.Add(Say(json, file, fault.Offset, fault.Message));
        }
        catch (JsonException fault)
        {
            found.Add($"{file}:{fault.LineNumber + 1}:{fault.BytePositionInLine + 1}: this is no JSON");
        }
        return found.Count == 0 ? new RoleMap(entries) : null;
    }

    private static RoleEntry Bind(int offset, Dictionary<string, Located> written)
    {
        if (!written.TryGetValue(MatchKey, out Located? match) || !written.TryGetValue(RoleKey, out Located? roleText))
            throw new FaultException(offset, $"an entry has `{MatchKey}` and `{RoleKey}`");
        Roles role = roleText.Text switch
        {
            "device" => Roles.Device,
            "gateway" => Roles.Gateway,
            "operator" => Roles.Operator,
            "auditor" => Roles.Auditor,
            _ => throw new FaultException(roleText.Offset, "expected device, gateway, operator or auditor"),
        };
        IdentityPattern pattern = Parse(match);
        (Located? name, Located? trust) = (written.GetValueOrDefault(NameKey), written.GetValueOrDefault(TrustKey));
        string? prefix = pattern.Captures && name is not null && name.Text.EndsWith(PatternPart.Capture, StringComparison.Ordinal) ? name.Text[..^PatternPart.Capture.Length] : null;
        if (prefix is { Length: > 0 } && (prefix.Length > MaximumPrefixLength || !SpiffeId.IsSegment(prefix)))
            throw new FaultException(name!.Offset, $"expected at most {MaximumPrefixLength} letters, digits, '.', '-' and '_' before `{{name}}`");
        if (prefix is not null)
            name = null;
        if (name is not null && (name.Text.Length > PatternPart.MaximumNameLength || !SpiffeId.IsSegment(name.Text)))
            throw new FaultException(name.Offset, "expected a name of letters, digits, '.', '-' and '_'");
        if (name is not null && pattern.Captures)
            throw new FaultException(name.Offset, $"the pattern captures the name already; leave out `{NameKey}` or `{{name}}`");
        if (name is null && !pattern.Captures && role is (Roles.Device or Roles.Gateway))
            throw new FaultException(match.Offset, $"a {roleText.Text} has a name: put `{{name}}` into the pattern, or add `{NameKey}`");
        if (pattern is IdentityPattern.OfSpiffe ? trust is not null : trust is null)
        {
            throw pattern is IdentityPattern.OfSpiffe
                ? new FaultException(trust!.Offset, $"a SPIFFE ID says itself of which trust domain it is; leave out `{TrustKey}`")
                : new FaultException(match.Offset, $"a DNS name or a subject needs `{TrustKey}`: the trust domain whose authorities may say it");
        }
        if (trust is not null && !SpiffeId.TryParse($"spiffe://{trust.Text}", out _, out _) || trust?.Text.Contains('/', StringComparison.Ordinal) == true)
            throw new FaultException(trust.Offset, "expected the name of a trust domain");
        return new RoleEntry(pattern, role, name?.Text, trust?.Text) { Prefix = prefix };
    }

    private static IdentityPattern Parse(Located match)
    {
        try
        {
            return PatternParser.Parse(match.Text);
        }
        catch (PatternException fault)
        {
            throw new FaultException(match.Offset + (match.IsPlain ? 1 + fault.Offset : 0), fault.Message);
        }
    }

    /// <summary>The entries as written, each a small object of texts.</summary>
    private static List<(int Offset, Dictionary<string, Located> Written)> ReadEntries(byte[] json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 4 });
        List<(int, Dictionary<string, Located>)> entries = [];
        Expect(ref reader, JsonTokenType.StartObject, $"expected an object with `{List}`");
        if (!reader.Read() || reader.TokenType != JsonTokenType.PropertyName || !reader.ValueTextEquals(List))
            throw new FaultException((int)reader.TokenStartIndex, $"expected `{List}`, the one thing that has a meaning here");
        Expect(ref reader, JsonTokenType.StartArray, "expected a list of entries");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            int offset = (int)reader.TokenStartIndex;
            if (reader.TokenType != JsonTokenType.StartObject)
                throw new FaultException(offset, $"expected an entry, such as {{ \"{MatchKey}\": \"spiffe://plant-7.example/device/{{name}}\", \"{RoleKey}\": \"device\" }}");
            if (entries.Count == MaximumEntries)
                throw new FaultException(offset, $"there are more than {MaximumEntries} entries");
            entries.Add((offset, ReadEntry(ref reader)));
        }
        Expect(ref reader, JsonTokenType.EndObject, $"`{List}` is the one thing that has a meaning here");
        // Whatever follows the object is no JSON, and only reading on finds it.
        reader.Read();
        return entries;
    }

    private static Dictionary<string, Located> ReadEntry(ref Utf8JsonReader reader)
    {
        var written = new Dictionary<string, Located>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            Located key = Text(ref reader);
            if (key.Text is not (MatchKey or RoleKey or NameKey or TrustKey))
                throw new FaultException(key.Offset, $"expected `{MatchKey}`, `{RoleKey}`, `{NameKey}` or `{TrustKey}`");
            Expect(ref reader, JsonTokenType.String, $"`{key.Text}` is a text");
            if (!written.TryAdd(key.Text, Text(ref reader)))
                throw new FaultException(key.Offset, $"`{key.Text}` stands here twice");
        }
        return written;
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type, string message)
    {
        if (!reader.Read() || reader.TokenType != type)
            throw new FaultException((int)reader.TokenStartIndex, message);
    }

    private static Located Text(ref Utf8JsonReader reader)
    {
        try
        {
            bool isPlain = !reader.ValueIsEscaped && Ascii.IsValid(reader.ValueSpan);
            return new Located(reader.GetString()!, (int)reader.TokenStartIndex, isPlain);
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair (`\ud800`), or bytes that are no UTF-8: found only when the text is taken, and by this exception.
            throw new FaultException((int)reader.TokenStartIndex, "the text is no Unicode");
        }
    }

    private static string Say(byte[] json, string file, int offset, string message)
    {
        ReadOnlySpan<byte> before = json.AsSpan(0, Math.Min(offset, json.Length));
        int line = before.Count((byte)'\n') + 1, column = before.Length - before.LastIndexOf((byte)'\n');
        return $"{file}:{line}:{column}: {message}";
    }
}
