using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace PolicyM2M.Testing.Issuing;

/// <summary>What a client asked of an EST server.</summary>
/// <param name="Operation">The last part of the path, such as <c>simplereenroll</c>.</param>
/// <param name="Client">The SHA-256 of the client's certificate, in lower-case hexadecimal digits.</param>
/// <param name="SigningRequest">The request in DER; empty where there is none.</param>
public sealed record EstCall(string Operation, string Client, byte[] SigningRequest);

/// <summary>A small EST server (RFC 7030) over real mutual TLS, with a real authority behind it.</summary>
public sealed class EstServer : IAsyncDisposable
{
    private const string Root = "/.well-known/est";

    private readonly TestIssuer _issuer;
    private readonly X509Certificate2 _certificate;
    private readonly ConcurrentQueue<EstCall> _calls = [];
    private WebApplication? _server;

    private EstServer(TestIssuer issuer) => (_issuer, _certificate) = (issuer, issuer.IssueServer());

    /// <summary>The path that clients are given.</summary>
    public Uri Endpoint { get; private set; } = new("https://127.0.0.1");

    /// <summary>What was asked, in order.</summary>
    public IReadOnlyList<EstCall> Calls => [.. _calls];

    /// <summary>How long its certificates are valid.</summary>
    public TimeSpan Life { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Answers instead of the server, where it returns a task; null does as an EST server should.</summary>
    public Func<EstCall, HttpResponse, Task?>? Instead { get; set; }

    /// <summary>Starts a server on a free port of this machine.</summary>
    public static async Task<EstServer> StartAsync(TestIssuer issuer)
    {
        var server = new EstServer(issuer);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(https =>
        {
            https.ServerCertificate = server._certificate;
            https.ServerCertificateChain = [issuer.Intermediate];
            https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
            https.ClientCertificateValidation = (certificate, _, _) => issuer.Vouches(certificate);
        })));
        server._server = builder.Build();
        server._server.MapGet($"{Root}/cacerts", context => server.Answer(context, "cacerts"));
        server._server.MapPost($"{Root}/simplereenroll", context => server.Answer(context, "simplereenroll"));
        await server._server.StartAsync().ConfigureAwait(false);
        server.Endpoint = new Uri(server._server.Urls.Single() + Root);
        return server;
    }

    /// <summary>Ends it as <c>kill</c> does: connections break.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync().ConfigureAwait(false);
        _certificate.Dispose();
    }

    /// <summary>Sends certificates as EST does: PKCS #7, certs-only, in base64.</summary>
    public static Task SendAsync(HttpResponse response, X509Certificate2Collection certificates)
    {
        ArgumentNullException.ThrowIfNull(response);
        ArgumentNullException.ThrowIfNull(certificates);
        response.ContentType = "application/pkcs7-mime; smime-type=certs-only";
        return response.WriteAsync(Convert.ToBase64String(certificates.Export(X509ContentType.Pkcs7)!, Base64FormattingOptions.InsertLineBreaks));
    }

    private async Task Answer(HttpContext context, string operation)
    {
        X509Certificate2 client = context.Connection.ClientCertificate!;
        using var reader = new StreamReader(context.Request.Body);
        string body = await reader.ReadToEndAsync().ConfigureAwait(false);
        var call = new EstCall(operation, client.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant(), Convert.FromBase64String(body));
        _calls.Enqueue(call);
        if (Instead?.Invoke(call, context.Response) is { } instead)
            await instead.ConfigureAwait(false);
        else if (operation == "cacerts")
            await SendAsync(context.Response, _issuer.Chain).ConfigureAwait(false);
        else if (context.Request.ContentType != "application/pkcs10" || !HasNamesOf(call.SigningRequest, client))
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
        else
        {
            using X509Certificate2 issued = _issuer.Issue(call.SigningRequest, Life);
            await SendAsync(context.Response, [issued]).ConfigureAwait(false);
        }
    }

    /// <summary>Whoever renews keeps its names (RFC 7030, 4.2.2).</summary>
    private static bool HasNamesOf(byte[] signingRequest, X509Certificate2 client)
    {
        CertificateRequest asked = CertificateRequest.LoadSigningRequest(signingRequest, HashAlgorithmName.SHA256, CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions);
        const string names = "2.5.29.17";
        return asked.SubjectName.Name == client.Subject
            && asked.CertificateExtensions.Single(extension => extension.Oid!.Value == names).RawData.SequenceEqual(client.Extensions.Single(extension => extension.Oid!.Value == names).RawData);
    }
}
