using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Cli;

/// <summary>Where a decision point is, and who asks it.</summary>
/// <param name="Address">Its host and port.</param>
/// <param name="Certificate">The operator's certificate, in PEM.</param>
/// <param name="Key">Its key.</param>
/// <param name="Authorities">The authorities that vouch for the decision point.</param>
internal sealed record PdpAddress(string Address, string Certificate, string Key, string Authorities);

/// <summary>An operator's connection to a decision point: mutual TLS, and no authority trusted but those named.</summary>
internal sealed class PdpConnection : IDisposable
{
    /// <summary>Nobody at a prompt waits longer; a roll-back to a revision that must be compiled first is done within it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly PdpAddress _pdp;
    private readonly X509Certificate2 _certificate;
    private readonly GrpcChannel _channel;
    private readonly PolicyService.PolicyServiceClient _client;

    private PdpConnection(PdpAddress pdp, X509Certificate2 certificate, GrpcChannel channel)
    {
        _pdp = pdp;
        _certificate = certificate;
        _channel = channel;
        _client = new PolicyService.PolicyServiceClient(channel);
    }

    /// <summary>Prepares a connection; whether somebody answers shows with the first call.</summary>
    /// <exception cref="CannotRunException">A file cannot be used, or the address is none.</exception>
    public static PdpConnection Open(PdpAddress pdp)
    {
        string address = pdp.Address.Contains("://", StringComparison.Ordinal) ? pdp.Address : $"https://{pdp.Address}";
        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) || uri.Scheme != Uri.UriSchemeHttps || uri.PathAndQuery != "/")
            throw new CannotRunException($"--pdp: `{pdp.Address}` is not HOST:PORT, such as 127.0.0.1:8443");
        X509Certificate2 certificate = Read(pdp.Certificate, "--cert", "no certificate", path => X509Certificate2.CreateFromPemFile(path, Existing(pdp.Key, "--key")));
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        Read(pdp.Authorities, "--ca", "no certificate", path =>
        {
            trust.CustomTrustStore.ImportFromPemFile(path);
            return trust.CustomTrustStore.Count > 0 ? trust : throw new CryptographicException();
        });
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(pdp.Certificate);
        chain.RemoveAt(0);
        var tls = new SslClientAuthenticationOptions { ClientCertificateContext = SslStreamCertificateContext.Create(certificate, chain, offline: true), CertificateChainPolicy = trust };
        var handler = new SocketsHttpHandler { ConnectTimeout = Patience, SslOptions = tls };
        return new PdpConnection(pdp, certificate, GrpcChannel.ForAddress(uri, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true }));
    }

    /// <summary>Makes a call.</summary>
    /// <exception cref="CannotRunException">Nobody answered, or the answer is no.</exception>
    public T Ask<T>(Func<PolicyService.PolicyServiceClient, CallOptions, T> call)
    {
        try
        {
            return call(_client, new CallOptions(deadline: TimeProvider.System.GetUtcNow().UtcDateTime + Patience));
        }
        catch (RpcException failure)
        {
            throw new CannotRunException(Printable.Of(Reason(failure)), failure);
        }
    }

    public void Dispose()
    {
        _channel.Dispose();
        _certificate.Dispose();
    }

    private string Reason(RpcException failure) => failure.StatusCode switch
    {
        StatusCode.Unavailable or StatusCode.Internal when failure.InnerException is not null || failure.Status.DebugException is not null =>
            $"the decision point at {_pdp.Address} cannot be reached: {Innermost(failure.Status.DebugException ?? failure.InnerException!).Message}",
        StatusCode.DeadlineExceeded => $"the decision point at {_pdp.Address} did not answer within {Patience.TotalSeconds:0} seconds; whether it did what was asked, `m2m pdp status` shows",
        StatusCode.Unimplemented => $"the decision point at {_pdp.Address} does not know this command: it is older than this m2m",
        StatusCode.PermissionDenied => $"{failure.Status.Detail}; only operators may (the certificate in {_pdp.Certificate} says who asks)",
        _ => failure.Status.Detail,
    };

    private static Exception Innermost(Exception failure) => failure.InnerException is { } inner ? Innermost(inner) : failure;

    private static T Read<T>(string path, string option, string otherwise, Func<string, T> read)
    {
        try
        {
            return read(Existing(path, option));
        }
        catch (CryptographicException malformed)
        {
            throw new CannotRunException($"{option}: {path} holds {otherwise} in PEM, or its key is another one's", malformed);
        }
        catch (ArgumentException mismatch)
        {
            throw new CannotRunException($"{option}: the key is not that of the certificate in {path}", mismatch);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CannotRunException($"{option}: {failure.Message}", failure);
        }
    }

    private static string Existing(string path, string option) => File.Exists(path) ? path : throw new CannotRunException($"{option}: there is no file `{path}`");
}
