using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Enforcement.Connection;
using PolicyM2M.Enforcement.Storing;

namespace PolicyM2M.Enforcement.Rotation.Est;

/// <summary>
/// Renews by EST, RFC 7030: <c>/simplereenroll</c> over mutual TLS with the credential in use, and <c>/cacerts</c> for the intermediates that the successor may need.
/// Trust anchors are those of the device and no others: what <c>/cacerts</c> brings helps to build a chain, and is believed only where that ends in one of them.
/// </summary>
public sealed class EstRenewal(EstOptions options) : IRenewal
{
    /// <summary>Many times what a chain of certificates takes.</summary>
    private const int LargestAnswer = 256 * 1024;

    /// <inheritdoc/>
    public async Task<RenewalAnswer> RenewAsync(RenewalRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (options.Endpoint.Scheme != Uri.UriSchemeHttps)
            return new RenewalAnswer.Refused($"EST is spoken over TLS only, and {options.Endpoint} is not");
        try
        {
            using HttpClient client = Client(request);
            using HttpRequestMessage message = Message(request);
            using HttpResponseMessage response = await client.SendAsync(message, cancellation).ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.OK)
                return await EstAnswer.WithoutCertificateAsync(response, options.Time.GetUtcNow(), cancellation).ConfigureAwait(false);
            IReadOnlyList<ReadOnlyMemory<byte>> issued = await EstAnswer.CertificatesAsync(response, cancellation).ConfigureAwait(false);
            // The answer holds the successor alone (4.2.3); some servers send its chain too.
            return new RenewalAnswer.Issued(issued.Count == 1 ? [.. issued, .. await AuthoritiesAsync(client, cancellation).ConfigureAwait(false)] : issued);
        }
        catch (InvalidDataException malformed)
        {
            return new RenewalAnswer.Refused($"the answer of {options.Endpoint.Authority} makes no sense: {malformed.Message}");
        }
        catch (HttpRequestException failure) when (failure.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            return new RenewalAnswer.Refused($"the answer of {options.Endpoint.Authority} is larger than {LargestAnswer} bytes");
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or TaskCanceledException && !cancellation.IsCancellationRequested)
        {
            return new RenewalAnswer.Unreachable($"{options.Endpoint.Authority} cannot be reached: {(failure is TaskCanceledException ? $"no answer within {options.Timeout}" : Deepest(failure).Message)}");
        }
        catch (CryptographicException malformed)
        {
            return new RenewalAnswer.Refused($"{options.TrustPath} or {request.CertificatePath} cannot be used: {malformed.Message}");
        }
    }

    /// <summary>What the server knows of its authorities. It may know nothing, or be silent: the chain then is complete without, or is found to be incomplete.</summary>
    private async Task<IReadOnlyList<ReadOnlyMemory<byte>>> AuthoritiesAsync(HttpClient client, CancellationToken cancellation)
    {
        try
        {
            using HttpResponseMessage response = await client.GetAsync(Path("cacerts"), cancellation).ConfigureAwait(false);
            return response.StatusCode == HttpStatusCode.OK ? await EstAnswer.CertificatesAsync(response, cancellation).ConfigureAwait(false) : [];
        }
        catch (Exception failure) when (failure is HttpRequestException or InvalidDataException or IOException or TaskCanceledException && !cancellation.IsCancellationRequested)
        {
            return [];
        }
    }

    private HttpRequestMessage Message(RenewalRequest request)
    {
        var content = new StringContent(Convert.ToBase64String(request.SigningRequest.Span, Base64FormattingOptions.InsertLineBreaks));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/pkcs10");
        // RFC 8951 made it superfluous; servers of before look for it.
        content.Headers.TryAddWithoutValidation("Content-Transfer-Encoding", "base64");
        return new HttpRequestMessage(HttpMethod.Post, Path("simplereenroll")) { Content = content };
    }

    private HttpClient Client(RenewalRequest request)
    {
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        trust.CustomTrustStore.ImportFromPem(BoundedFile.ReadText(options.TrustPath, BoundedFile.LargestPem));
        X509Certificate2Collection chain = CertificateChain.AboveDevice(request.CertificatePath);
        return new HttpClient(new SocketsHttpHandler
        {
            // A redirection would show the credential, and the names in the request, to somebody else.
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = options.Timeout,
            SslOptions = new SslClientAuthenticationOptions
            {
                ClientCertificateContext = SslStreamCertificateContext.Create(request.Current, chain, offline: true),
                CertificateChainPolicy = trust,
            },
        })
        {
            Timeout = options.Timeout,
            MaxResponseContentBufferSize = LargestAnswer,
        };
    }

    private Uri Path(string operation) => new($"{options.Endpoint.AbsoluteUri.TrimEnd('/')}/{operation}");

    private static Exception Deepest(Exception failure) => failure.InnerException is { } inner ? Deepest(inner) : failure;
}
