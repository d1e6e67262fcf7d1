using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Enforcement.Connection;
using PolicyM2M.Enforcement.Storing;

namespace PolicyM2M.Agent.Doctor;

/// <summary>Looks at the certificate, its key and the authorities as the client reads them.</summary>
internal static class CredentialChecks
{
    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite, Others = UnixFileMode.GroupRead | UnixFileMode.OtherRead | OthersWrite;

    /// <summary>Whether certificate and key can be used together.</summary>
    public static bool IsWhole(AgentConfiguration configuration) => Key(configuration) is { KeepsFromStarting: false, Severity: not Severity.Warning };

    public static Finding Certificate(AgentConfiguration configuration, DateTimeOffset now) => Attempt.At("certificate", () =>
    {
        string path = configuration.Certificate;
        using X509Certificate2 certificate = CertificateFile.Open(path);
        _ = CertificateIdentity.Of(certificate);
        var validity = CertificateValidity.Of(certificate, path);
        string what = validity.Authority is { } authority ? $"`{authority}`, an authority in {path}," : path, until = $"{validity.Until:u}";
        if (now >= validity.Until)
            return new Finding("certificate", Severity.Fault, $"{what} expired on {until}", $"have a new one issued{Under(validity)}; the old one cannot renew itself any more");
        if (now < validity.From)
            return new Finding("certificate", Severity.Fault, $"{path} is valid from {validity.From:u} only", "look at this machine's clock, and then at the authority's");
        return now >= CertificateEnd.SoonFrom(validity)
            ? new Finding("certificate", Severity.Warning, $"{what} expires on {until}", $"renew it now{Under(validity)}, and look why that has not happened by itself")
            : new Finding("certificate", Severity.Ok, $"{path} is valid until {until}");
    }, $"put the gateway's certificate there, in PEM: {configuration.Certificate}", keepsFromStarting: true);

    public static Finding Key(AgentConfiguration configuration) => Attempt.At("key", () =>
    {
        string path = configuration.Key, pem = BoundedFile.ReadText(path, BoundedFile.LargestPem);
        if (!IsThere(configuration.Certificate))
            return new Finding("key", Severity.Warning, $"{path} is there; whether it is the certificate's shows once that is there too", "see to the certificate first");
        using (MutualTls.Certificate(Daemon.Options(configuration, TimeProvider.System)))
        {
            return (File.GetUnixFileMode(path) & Others) == 0
                ? new Finding("key", Severity.Ok, $"{path} is the certificate's, and its owner's alone")
                : new Finding("key", Severity.Fault, $"{path} can be read or written by others", $"chmod 600 {path}; who may have read it has the gateway's identity, so renew it with a new key");
        }
    }, $"put the certificate's own private key there, unencrypted PEM: {configuration.Key}", keepsFromStarting: true);

    public static Finding Trust(AgentConfiguration configuration, DateTimeOffset now) => Authorities("trust", configuration.Trust, "the authorities of the decision point", now, keepsFromStarting: true);

    /// <summary>The authorities that renewed credentials are held against, where they are in files of their own: without them the agent starts, and can renew nothing.</summary>
    public static IEnumerable<Finding> RenewalTrust(AgentConfiguration configuration, DateTimeOffset now)
    {
        if (configuration.Renewal is not { } renewal)
            yield break;
        if (renewal is RenewalOptions.Command command && !File.Exists(command.Program))
            yield return new Finding("renewal", Severity.Fault, $"there is no program {command.Program}, and the certificate is renewed by it", "name a program that is there, with its whole path");
        if (renewal.Trust != configuration.Trust)
            yield return Authorities("renewal.trust", renewal.Trust, "the authorities that a new certificate may come from", now);
        if (renewal is RenewalOptions.Est est && est.ServerTrust != est.Trust && est.ServerTrust != configuration.Trust)
            yield return Authorities("renewal.estTrust", est.ServerTrust, "the authorities of the EST server", now);
    }

    private static Finding Authorities(string check, string path, string what, DateTimeOffset now, bool keepsFromStarting = false) => Attempt.At(check, () =>
    {
        X509Certificate2Collection authorities = MutualTls.Authorities(path);
        if ((File.GetUnixFileMode(path) & OthersWrite) != 0)
            return new Finding(check, Severity.Fault, $"{path} can be written by others", $"chmod 644 {path}, and compare it with the one that you gave out");
        return authorities.Any(authority => authority.NotAfter.ToUniversalTime() > now)
            ? new Finding(check, Severity.Ok, $"{path} holds {authorities.Count} of the authorities")
            : new Finding(check, Severity.Fault, $"every authority in {path} has expired", "put the new ones there");
    }, $"put {what} there, in PEM: {path}", keepsFromStarting);

    /// <summary>A new certificate ends with the authority above it, too.</summary>
    private static string Under(CertificateValidity validity) => validity.Authority is null ? "" : " under an authority that goes on, and put that into the file behind it";

    /// <summary>Whether there is a certificate to hold a key against.</summary>
    private static bool IsThere(string path) => CertificateFile.TryOf(path) is not null;
}
