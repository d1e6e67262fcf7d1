using System.Net;
using System.Text;

namespace PolicyM2M.Enforcement.Rotation.Est;

/// <summary>Reads what an EST server answers (RFC 7030, 4.2.3).</summary>
internal static class EstAnswer
{
    private const string Pkcs7 = "application/pkcs7-mime";
    private const int MostWords = 200;

    private static readonly TimeSpan UsualWait = TimeSpan.FromMinutes(5), ShortestWait = TimeSpan.FromSeconds(1), LongestWait = TimeSpan.FromDays(1);

    /// <summary>The certificates of an answer that has them.</summary>
    /// <exception cref="InvalidDataException">It has none, or makes no sense.</exception>
    public static async Task<IReadOnlyList<ReadOnlyMemory<byte>>> CertificatesAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        string? type = response.Content.Headers.ContentType?.MediaType;
        if (!string.Equals(type, Pkcs7, StringComparison.OrdinalIgnoreCase))
            throw new InvalidDataException($"it is {Printable(type ?? "nothing that has a type")} and not {Pkcs7}");
        string text = Encoding.ASCII.GetString(await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false));
        byte[] encoded = new byte[text.Length];
        if (!Convert.TryFromBase64String(text, encoded, out int length))
            throw new InvalidDataException("it is not in base64");
        return CertsOnly.Read(encoded.AsMemory(0, length), SuccessorCheck.MostCertificates);
    }

    /// <summary>What an answer without a certificate means.</summary>
    public static async Task<RenewalAnswer> WithoutCertificateAsync(HttpResponseMessage response, DateTimeOffset now, CancellationToken cancellation)
    {
        TimeSpan? wait = RetryAfter(response, now);
        string said = $"{(int)response.StatusCode} {await WordsAsync(response, cancellation).ConfigureAwait(false)}".TrimEnd();
        return response.StatusCode switch
        {
            HttpStatusCode.Accepted => new RenewalAnswer.Accepted(wait ?? UsualWait),
            // It is there, and can do nothing for anybody now.
            HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout => new RenewalAnswer.Unreachable($"the issuer is busy or away: {said}", wait),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new RenewalAnswer.Refused($"the issuer does not accept the credential: {said}"),
            >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest => new RenewalAnswer.Refused($"the issuer sends elsewhere, where a device does not go: {said}"),
            _ => new RenewalAnswer.Refused($"the issuer refuses: {said}"),
        };
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage response, DateTimeOffset now)
    {
        TimeSpan? wait = response.Headers.RetryAfter?.Delta ?? response.Headers.RetryAfter?.Date - now;
        return wait is not { } said ? null : said < ShortestWait ? ShortestWait : said > LongestWait ? LongestWait : said;
    }

    /// <summary>The beginning of what a server says, for people; its characters are its own, and may be anything.</summary>
    private static async Task<string> WordsAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        if (response.Content.Headers.ContentType?.MediaType is not "text/plain")
            return response.ReasonPhrase is { } phrase ? Printable(phrase) : "";
        return Printable(Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false)));
    }

    private static string Printable(string text)
    {
        string line = new([.. text.Take(MostWords).Select(c => char.IsControl(c) || char.IsSurrogate(c) || !char.IsAscii(c) ? ' ' : c)]);
        return line.Trim();
    }
}
