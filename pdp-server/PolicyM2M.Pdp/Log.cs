namespace PolicyM2M.Pdp;

/// <summary>Every line that the server logs.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "serving the policy set {PolicySet} of {Commit} ({Summary})")]
    public static partial void Serving(this ILogger log, string policySet, string commit, string summary);

    [LoggerMessage(2, LogLevel.Error, "the commit {Commit} cannot be served; {Active} keeps serving")]
    public static partial void RevisionRefused(this ILogger log, string commit, string active);

    [LoggerMessage(3, LogLevel.Error, "{Diagnostic}")]
    public static partial void PolicyError(this ILogger log, string diagnostic);

    [LoggerMessage(4, LogLevel.Warning, "{Diagnostic}")]
    public static partial void PolicyWarning(this ILogger log, string diagnostic);

    [LoggerMessage(5, LogLevel.Error, "the repository cannot be followed, and {Active} keeps serving: {Reason}")]
    public static partial void RepositoryUnreadable(this ILogger log, string active, string reason);

    [LoggerMessage(6, LogLevel.Critical, "compiling the commit {Commit} failed; {Active} keeps serving. This is a fault of the decision point: please report it")]
    public static partial void CompilerFailed(this ILogger log, Exception fault, string commit, string active);

    [LoggerMessage(7, LogLevel.Information, "the newest commit is served again")]
    public static partial void Recovered(this ILogger log);

    [LoggerMessage(8, LogLevel.Warning, "which commit is served cannot be remembered for a restart: {Reason}")]
    public static partial void LastServedNotWritten(this ILogger log, string reason);

    [LoggerMessage(10, LogLevel.Information, "the registry holds {Devices}")]
    public static partial void RegistryRead(this ILogger log, string devices);

    [LoggerMessage(11, LogLevel.Error, "the registry {File} cannot be used: {Reason}. Until it can, what only the registry knows counts as missing, and the strictest applies")]
    public static partial void RegistryRefused(this ILogger log, string file, string reason);

    [LoggerMessage(12, LogLevel.Warning, "there is no registry {File}: what only it knows counts as missing, and the strictest applies")]
    public static partial void RegistryMissing(this ILogger log, string file);

    [LoggerMessage(13, LogLevel.Warning, "the registry says of {Device} what the attribute schema cannot use, so it counts as missing: {Attribute} ({Expected})")]
    public static partial void RegistryValueUnusable(this ILogger log, string device, string attribute, string expected);

    [LoggerMessage(20, LogLevel.Warning, "denied {Rpc} to {Caller}: {Reason}")]
    public static partial void Denied(this ILogger log, string rpc, string caller, string reason);

    [LoggerMessage(21, LogLevel.Warning, "refused the client certificate {Thumbprint}: {Reason}; from {Peer}")]
    public static partial void ClientCertificateRefused(this ILogger log, string thumbprint, string reason, string peer);

    [LoggerMessage(22, LogLevel.Warning, "refused a connection from {Peer}: {Reason}")]
    public static partial void ConnectionRefused(this ILogger log, string peer, string reason);

    [LoggerMessage(23, LogLevel.Warning, "refused {Times} more connections from {Peer} within a minute: {Reason}")]
    public static partial void RefusedAgain(this ILogger log, string peer, int times, string reason);

    [LoggerMessage(24, LogLevel.Information, "new handshakes go by the certificate {Thumbprint}, valid until {NotAfter:u}, and by {Authorities} trusted authorities")]
    public static partial void CredentialsRead(this ILogger log, string thumbprint, DateTime notAfter, int authorities);

    [LoggerMessage(25, LogLevel.Error, "the new certificates cannot be used, and handshakes go on with those before: {Reason}")]
    public static partial void CredentialsRefused(this ILogger log, string reason);

    [LoggerMessage(30, LogLevel.Warning, "development credentials: anybody who can read {Folder} is a device, a gateway or an operator")]
    public static partial void DevelopmentCredentials(this ILogger log, string folder);

    [LoggerMessage(100, LogLevel.Information, "callers have their roles by {File}: {Entries} entries")]
    public static partial void RolesRead(this ILogger log, string file, int entries);

    [LoggerMessage(101, LogLevel.Warning, "the roles file {File} speaks of the trust domain {TrustDomain}, which has no bundle: nobody comes in by that")]
    public static partial void RolesOfUnknownDomain(this ILogger log, string file, string trustDomain);

    [LoggerMessage(102, LogLevel.Information, "the revocation list of {Issuer} is in force: {Revoked} revoked, the next is due by {NextUpdate:u}")]
    public static partial void RevocationListRead(this ILogger log, string issuer, int revoked, DateTimeOffset nextUpdate);

    [LoggerMessage(103, LogLevel.Error, "callers go on being judged by the roles and revocation lists before: {Reason}")]
    public static partial void CallerRulesRefused(this ILogger log, string reason);

    [LoggerMessage(110, LogLevel.Warning, "turning calls of {Caller} away: {Reason}")]
    public static partial void Overloaded(this ILogger log, string caller, string reason);
}
