using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
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

    /// <summary>A large file takes seconds to check and to write, and over a slow line minutes to send.</summary>
    private static readonly TimeSpan PatienceForFiles = TimeSpan.FromMinutes(10);

    private readonly PdpAddress _pdp;
    private readonly X509Certificate2 _certificate;
    private readonly GrpcChannel _channel;
    private readonly ServerJudgement _judgement;
    private readonly PolicyService.PolicyServiceClient _policies;
    private readonly DeviceService.DeviceServiceClient _devices;

    private PdpConnection(PdpAddress pdp, X509Certificate2 certificate, GrpcChannel channel, ServerJudgement judgement)
    {
        _pdp = pdp;
        _judgement = judgement;
        _certificate = certificate;
        _channel = channel;
        _policies = new PolicyService.PolicyServiceClient(channel);
        _devices = new DeviceService.DeviceServiceClient(channel);
    }

    /// <summary>Prepares a connection; whether somebody answers shows with the first call.</summary>
    /// <exception cref="CannotRunException">A file cannot be used, or the address is none.</exception>
    public static PdpConnection Open(PdpAddress pdp)
    {
        string address = pdp.Address.Contains("://", StringComparison.Ordinal) ? pdp.Address : $"https://{pdp.Address}";
        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) || uri.Scheme != Uri.UriSchemeHttps || uri.PathAndQuery != "/")
            throw new CannotRunException($"--pdp: `{pdp.Address}` is not HOST:PORT, such as 127.0.0.1:8443");
        X509Certificate2 certificate = Read(pdp.Certificate, "--cert", $"{pdp.Certificate} holds no certificate in PEM, or {pdp.Key} (--key) no private key that belongs to it",
            path => X509Certificate2.CreateFromPemFile(path, Existing(pdp.Key, "--key")));
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        Read(pdp.Authorities, "--ca", $"{pdp.Authorities} holds no certificate in PEM; expected those of the authorities that vouch for the decision point", path =>
        {
            trust.CustomTrustStore.ImportFromPemFile(path);
            return trust.CustomTrustStore.Count > 0 ? trust : throw new CryptographicException();
        });
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(pdp.Certificate);
        chain.RemoveAt(0);
        var judgement = new ServerJudgement();
        var tls = new SslClientAuthenticationOptions
        {
            ClientCertificateContext = SslStreamCertificateContext.Create(certificate, chain, offline: true),
            CertificateChainPolicy = trust,
            RemoteCertificateValidationCallback = (_, _, built, errors) => judgement.Take(built, errors),
        };
        var handler = new SocketsHttpHandler { ConnectTimeout = Patience, SslOptions = tls };
        return new PdpConnection(pdp, certificate, GrpcChannel.ForAddress(uri, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true }), judgement);
    }

    /// <summary>Asks about policies.</summary>
    /// <exception cref="CannotRunException">Nobody answered, or the answer is no.</exception>
    public T Ask<T>(Func<PolicyService.PolicyServiceClient, CallOptions, T> call) => Guard(() => call(_policies, Within(Patience)), Patience);

    /// <summary>Asks about devices.</summary>
    /// <exception cref="CannotRunException">Nobody answered, or the answer is no.</exception>
    public T AskDevices<T>(Func<DeviceService.DeviceServiceClient, CallOptions, T> call) => Guard(() => call(_devices, Within(Patience)), Patience);

    /// <summary>Sends a file of devices.</summary>
    /// <exception cref="CannotRunException">Nobody answered, or the answer is no.</exception>
    public T SendDevices<T>(Func<DeviceService.DeviceServiceClient, CallOptions, Task<T>> call) => Guard(() => call(_devices, Within(PatienceForFiles)).GetAwaiter().GetResult(), PatienceForFiles);

    public void Dispose()
    {
        _channel.Dispose();
        _certificate.Dispose();
    }

    private static CallOptions Within(TimeSpan patience) => new(deadline: TimeProvider.System.GetUtcNow().UtcDateTime + patience);

    private T Guard<T>(Func<T> call, TimeSpan patience)
    {
        try
        {
            return call();
        }
        catch (RpcException failure)
        {
            throw new CannotRunException(Printable.Of(Reason(failure, patience)), failure);
        }
    }

    private string Reason(RpcException failure, TimeSpan patience) => failure.StatusCode switch
    {
        StatusCode.Unavailable or StatusCode.Internal when (failure.Status.DebugException ?? failure.InnerException) is { } cause => $"the decision point at {_pdp.Address} cannot be reached: {Obstacle(cause)}",
        StatusCode.DeadlineExceeded => $"the decision point at {_pdp.Address} did not answer within {patience.TotalSeconds:0} seconds; whether it did what was asked, `m2m pdp status` shows",
        StatusCode.Unimplemented => $"the decision point at {_pdp.Address} does not know this command: it is older than this m2m",
        StatusCode.PermissionDenied => $"{failure.Status.Detail}; only operators may (the certificate in {_pdp.Certificate} says who asks)",
        _ => failure.Status.Detail,
    };

    /// <summary>Whoever is not let in hears only that the connection ends (TLS 1.3), which the library tells as whatever it did at that moment.</summary>
    private string Obstacle(Exception cause)
    {
        Exception last = Innermost(cause);
        if (_judgement.Fault is { } fault)
            return $"the certificate that it shows is not one of the authorities in {_pdp.Authorities} (--ca) for that name ({fault})";
        // Before a certificate is shown: what answers there does not speak TLS.
        if (last is AuthenticationException && !_judgement.HasSeen)
            return $"what answers there does not speak TLS ({last.Message}); --pdp names the address of --listen, and not that of --monitor or of a proxy that ends TLS";
        if (last is AuthenticationException)
            return last.Message;
        if (last is SocketException { SocketErrorCode: not (SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown) })
            return last.Message;
        return TimeProvider.System.GetUtcNow() > _certificate.NotAfter
            ? $"it ended the connection; the certificate in {_pdp.Certificate} (--cert) ended at {_certificate.NotAfter.ToUniversalTime():yyyy-MM-ddTHH:mm:ssZ}"
            : $"it ended the connection, as it does where it is ended itself, or where it does not accept the certificate in {_pdp.Certificate} (--cert): "
                + "of another authority, not in its time, or revoked; its log says why";
    }

    private static Exception Innermost(Exception failure) => failure.InnerException is { } inner ? Innermost(inner) : failure;

    private static T Read<T>(string path, string option, string otherwise, Func<string, T> read)
    {
        try
        {
            return read(Existing(path, option));
        }
        catch (Exception malformed) when (malformed is CryptographicException or ArgumentException)
        {
            throw new CannotRunException($"{option}: {otherwise}", malformed);
        }
        catch (Exception failure) when (FileFault.IsOfFiles(failure))
        {
            throw new CannotRunException($"{option}: `{path}`, or what belongs to it, cannot be read: {FileFault.Of(failure)}", failure);
        }
    }

    private static string Existing(string path, string option) => File.Exists(path) ? path : throw new CannotRunException($"{option}: there is no file `{path}`");
}
