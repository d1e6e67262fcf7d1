using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using PolicyM2M.Pdp.Startup;

namespace PolicyM2M.Pdp.Signing;

/// <summary>The file that keeps the private key that signs and the public keys of those before it. Only its owner may read it; it is written whole.</summary>
internal sealed class SigningKeyFile(string path)
{
    /// <summary>The keys, the one that signs first; null where there is no file yet.</summary>
    /// <exception cref="StartupException">The file cannot be read or understood: to begin anew would make every decision that is out there worthless.</exception>
    public (ECDsa Private, ImmutableArray<SigningKey> Keys)? Read()
    {
        try
        {
            if (!File.Exists(path))
                return null;
            JsonNode root = JsonNode.Parse(File.ReadAllText(path)) ?? throw new FormatException("it is empty");
            ImmutableArray<SigningKey> keys = [.. (root["keys"] as JsonArray ?? throw new FormatException("it has no `keys`")).Select(Key)];
            var signing = ECDsa.Create();
            signing.ImportFromPem(Text(root, "private-key"));
            return keys.Length > 0 && keys[0].PublicKey.AsSpan().SequenceEqual(signing.ExportSubjectPublicKeyInfo())
                ? (signing, keys)
                : throw new FormatException("its first key is not that of its private key");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException or FormatException or InvalidOperationException or ArgumentException or CryptographicException)
        {
            throw new StartupException($"the signing keys `{path}` cannot be read: {FaultText.Of(fault)}. Put the file back as it was; without it devices believe nothing that was signed before");
        }
    }

    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file must not be written.</exception>
    public void Write(ECDsa signing, ImmutableArray<SigningKey> keys)
    {
        var root = new JsonObject
        {
            ["private-key"] = signing.ExportPkcs8PrivateKeyPem(),
            ["keys"] = new JsonArray([.. keys.Select(key => new JsonObject
            {
                ["public-key"] = Convert.ToBase64String(key.PublicKey.AsSpan()),
                ["not-before"] = Format(key.NotBefore),
                ["not-after"] = Format(key.NotAfter),
            })]),
        };
        PrivateFile.Replace(path, root.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
    }

    private static SigningKey Key(JsonNode? node) => new([.. Convert.FromBase64String(Text(node, "public-key"))], Instant(node, "not-before"), Instant(node, "not-after"));

    private static string Format(DateTimeOffset moment) => moment.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    private static DateTimeOffset Instant(JsonNode? node, string name) => DateTimeOffset.ParseExact(Text(node, name), "O", CultureInfo.InvariantCulture);

    private static string Text(JsonNode? node, string name) => node?[name]?.GetValue<string>() ?? throw new FormatException($"it has no `{name}`");
}
