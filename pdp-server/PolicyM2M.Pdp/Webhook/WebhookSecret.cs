using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Primitives;
using PolicyM2M.Audit.Storage;
using PolicyM2M.Pdp.Startup;

namespace PolicyM2M.Pdp.Webhook;

/// <summary>
/// What a Git host and this server both know. GitHub, Gitea and Forgejo prove it by <c>X-Hub-Signature-256</c>, an HMAC of the body; GitLab sends it as it is, in
/// <c>X-Gitlab-Token</c>. Immutable; the file is read at each request, so that the secret can be exchanged.
/// </summary>
internal sealed class WebhookSecret
{
    public const string SignatureHeader = "X-Hub-Signature-256";
    public const string TokenHeader = "X-Gitlab-Token";

    private const string Prefix = "sha256=";
    private const int ShortestBytes = 16, LongestBytes = 1 << 10;

    private readonly byte[] _secret;

    private WebhookSecret(byte[] secret) => _secret = secret;

    /// <summary>Reads the secret; white space around it is none of it.</summary>
    /// <exception cref="StartupException">The file cannot be read, or what it holds could be guessed.</exception>
    public static WebhookSecret Read(string file)
    {
        try
        {
            byte[] secret = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(OrdinaryFile.Read(file, LongestBytes)).Trim());
            return secret.Length >= ShortestBytes
                ? new WebhookSecret(secret)
                : throw new StartupException($"--webhook-secret: `{file}` was expected to hold {ShortestBytes} to {LongestBytes} bytes; `openssl rand -hex 32` makes a secret");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"--webhook-secret: `{file}` cannot be read: {FaultText.Of(fault)}", cause: fault);
        }
    }

    /// <summary>Whether a request shows anything at all by which it could be believed, before its body is read.</summary>
    public static bool IsShown(IHeaderDictionary headers) => headers.ContainsKey(SignatureHeader) || headers.ContainsKey(TokenHeader);

    /// <summary>Whether whoever sent this knows the secret. The body is read to its end and not kept.</summary>
    public async Task<bool> ProvesAsync(IHeaderDictionary headers, Stream body, CancellationToken cancellationToken)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _secret);
        byte[] buffer = new byte[16 << 10];
        int read;
        while ((read = await body.ReadAsync(buffer, cancellationToken)) > 0)
            hmac.AppendData(buffer, 0, read);
        byte[] expected = hmac.GetHashAndReset();
        return IsSignature(headers[SignatureHeader], expected) || IsToken(headers[TokenHeader]);
    }

    private static bool IsSignature(StringValues header, byte[] expected)
    {
        if (header is not [{ } text] || !text.StartsWith(Prefix, StringComparison.Ordinal))
            return false;
        byte[] given = new byte[expected.Length];
        return text.Length == Prefix.Length + (2 * expected.Length)
            && Convert.FromHexString(text.AsSpan(Prefix.Length), given, out _, out int written) == System.Buffers.OperationStatus.Done
            && written == expected.Length && CryptographicOperations.FixedTimeEquals(given, expected);
    }

    /// <summary>Hashes are compared, since the time that it takes would tell the length of the secret.</summary>
    private bool IsToken(StringValues header) =>
        header is [{ Length: > 0 } text] && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(text)), SHA256.HashData(_secret));
}
