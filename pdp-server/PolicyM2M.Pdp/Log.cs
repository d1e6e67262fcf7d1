using PolicyM2M.Pdp.Identity;

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

    [LoggerMessage(9, LogLevel.Warning, "--accept {Commit} does nothing: {Reason}")]
    public static partial void AcceptedNothing(this ILogger log, string commit, string reason);

    [LoggerMessage(10, LogLevel.Warning, "{Option}: everybody on this machine can read {File}, which holds a secret; `chmod o-r` keeps it from them")]
    public static partial void SecretReadable(this ILogger log, string option, string file);

    [LoggerMessage(11, LogLevel.Warning, "what was asked lately could not be answered from {Commit} before it answers, and is when it is asked again")]
    public static partial void NotRehearsed(this ILogger log, Exception fault, string commit);

    [LoggerMessage(12, LogLevel.Debug, "what was made ready for {Commit} came to nothing: another change came first, or the clock was set")]
    public static partial void RehearsedInVain(this ILogger log, string commit);

    [LoggerMessage(40, LogLevel.Information, "the commit {Commit} is signed by {Signer}")]
    public static partial void SignedBy(this ILogger log, string commit, string signer);

    [LoggerMessage(41, LogLevel.Warning, "the clone of {Repository} was damaged, and was made anew")]
    public static partial void CloneMadeAnew(this ILogger log, string repository);

    [LoggerMessage(42, LogLevel.Information, "Git hosts may tell of pushes at {Address}")]
    public static partial void WebhookListening(this ILogger log, string address);

    [LoggerMessage(43, LogLevel.Debug, "a Git host told of a push")]
    public static partial void WebhookReceived(this ILogger log);

    [LoggerMessage(44, LogLevel.Error, "webhooks are refused: {Reason}")]
    public static partial void WebhookSecretUnreadable(this ILogger log, string reason);

    [LoggerMessage(13, LogLevel.Warning, "the registry says of {Device} what the attribute schema cannot use, so it counts as missing: {Attribute} ({Expected})")]
    public static partial void RegistryValueUnusable(this ILogger log, string device, string attribute, string expected);

    [LoggerMessage(20, LogLevel.Warning, "denied {Rpc} to {Caller}: {Reason}")]
    public static partial void Denied(this ILogger log, string rpc, string caller, string reason);

    [LoggerMessage(28, LogLevel.Warning, "denied {Rpc} to {Caller} {Times} more within a minute: {Reason}")]
    public static partial void DeniedAgain(this ILogger log, string rpc, string caller, string times, string reason);

    [LoggerMessage(21, LogLevel.Warning, "refused the client certificate of SHA-1 thumbprint {Thumbprint}: {Reason}; it names {Names}; from {Peer}")]
    public static partial void ClientCertificateRefused(this ILogger log, string thumbprint, string reason, string names, string peer);

    [LoggerMessage(22, LogLevel.Warning, "refused a connection from {Peer}: {Reason}")]
    public static partial void ConnectionRefused(this ILogger log, string peer, string reason);

    [LoggerMessage(23, LogLevel.Warning, "refused {Connections} from {Peer} within a minute: {Reason}")]
    public static partial void RefusedAgain(this ILogger log, string peer, string connections, string reason);

    [LoggerMessage(24, LogLevel.Information, "new handshakes go by the certificate {Thumbprint}, valid until {NotAfter:u}, and by {Authorities}")]
    public static partial void CredentialsRead(this ILogger log, string thumbprint, DateTime notAfter, string authorities);

    [LoggerMessage(25, LogLevel.Error, "the new certificates cannot be used, and handshakes go on with those before: {Reason}")]
    public static partial void CredentialsRefused(this ILogger log, string reason);

    [LoggerMessage(29, LogLevel.Information, "the certificates can be used again: they are those by which handshakes go")]
    public static partial void CredentialsUsable(this ILogger log);

    [LoggerMessage(26, LogLevel.Information, "the key {Id} signs decisions and statements until {Until:u}")]
    public static partial void SigningKeyChanged(this ILogger log, string id, DateTimeOffset until);

    [LoggerMessage(27, LogLevel.Error, "the next signing key cannot be written, and the one before goes on: {Reason}")]
    public static partial void SigningKeyNotWritten(this ILogger log, string reason);

    [LoggerMessage(80, LogLevel.Information, "the registry {Database} holds {Devices}")]
    public static partial void RegistryLoaded(this ILogger log, string database, string devices);

    [LoggerMessage(99, LogLevel.Warning, "waiting for the registry {Database}, for at most {Seconds} seconds; without it the start goes on, and what only it knows counts as missing")]
    public static partial void RegistryAwaited(this ILogger log, string database, double seconds);

    [LoggerMessage(81, LogLevel.Error, "the registry cannot be reached: {Reason}; as last read it counts for {Seconds} seconds from then")]
    public static partial void RegistryLost(this ILogger log, string reason, double seconds);

    [LoggerMessage(91, LogLevel.Error, "the registry cannot be reached: {Reason}; it was not read since this start")]
    public static partial void RegistryNeverRead(this ILogger log, string reason);

    [LoggerMessage(92, LogLevel.Warning, "{Devices} of those whom an earlier registry revoked are not revoked in {Database}, and stay revoked here: it was made anew, or is a backup from before "
        + "that; revoke and reinstate whoever shall come back")]
    public static partial void RevokedHeld(this ILogger log, int devices, string database);

    [LoggerMessage(97, LogLevel.Warning, "the roles file {File} gives nobody a role, so that nobody gets in")]
    public static partial void RolesOfNobody(this ILogger log, string file);

    [LoggerMessage(98, LogLevel.Warning, "{Outdated}")]
    public static partial void RevocationListOutdated(this ILogger log, string outdated);

    [LoggerMessage(96, LogLevel.Warning, "{Database} is not the registry of before, and holds {Devices}: what was known of others counts as missing. Put the earlier one back, or import its devices; "
        + "devices.json is not read again")]
    public static partial void RegistryIsAnother(this ILogger log, string database, string devices);

    [LoggerMessage(82, LogLevel.Error, "there is no registry now: what only it knows counts as missing, and the strictest applies")]
    public static partial void RegistryMissing(this ILogger log);

    [LoggerMessage(83, LogLevel.Critical, "following the registry failed; it is tried again. This is a fault of the decision point: please report it")]
    public static partial void RegistryFailed(this ILogger log, Exception fault);

    [LoggerMessage(84, LogLevel.Information, "the first devices are those of {File}: {Devices} of them are now in {Database}, and the file is not read again")]
    public static partial void FirstImported(this ILogger log, string file, int devices, string database);

    [LoggerMessage(85, LogLevel.Error, "{File}:{Line}:{Column}: {Fault}")]
    public static partial void FirstImportFault(this ILogger log, string file, int line, int column, string fault);

    [LoggerMessage(86, LogLevel.Error, "the registry stays empty, so what only it knows counts as missing: {File} has {Faults}; mend it and start again, or import devices")]
    public static partial void FirstImportRefused(this ILogger log, string file, string faults);

    [LoggerMessage(87, LogLevel.Error, "the registry stays empty, so what only it knows counts as missing: {File} cannot be read: {Reason}")]
    public static partial void FirstImportUnreadable(this ILogger log, string file, string reason);

    [LoggerMessage(88, LogLevel.Information, "{Actor}: {Verb} of the device {Device}, version {Version}")]
    public static partial void DeviceChanged(this ILogger log, CallerId actor, string verb, string device, long version);

    [LoggerMessage(89, LogLevel.Information, "{Actor}: import of devices, {Detail}")]
    public static partial void DevicesImported(this ILogger log, CallerId actor, string detail);

    [LoggerMessage(94, LogLevel.Information, "{Actor}: import of devices, {Detail}; nothing was written: {Reason}")]
    public static partial void DevicesNotImported(this ILogger log, CallerId actor, string detail, string reason);

    [LoggerMessage(95, LogLevel.Warning, "{Actor}: import of devices, {Detail}")]
    public static partial void DevicesImportBroken(this ILogger log, CallerId actor, string detail);

    [LoggerMessage(93, LogLevel.Error, "old changes of the registry could not be forgotten, which is tried again: {Reason}")]
    public static partial void HistoryNotForgotten(this ILogger log, string reason);

    [LoggerMessage(90, LogLevel.Error, "who is revoked cannot be kept for a start without the registry: {Reason}")]
    public static partial void RevokedNotKept(this ILogger log, string reason);

    [LoggerMessage(30, LogLevel.Warning, "development credentials: anybody who can read {Folder} is a device, a gateway, an operator or an auditor")]
    public static partial void DevelopmentCredentials(this ILogger log, string folder);

    [LoggerMessage(120, LogLevel.Information, "the commit {Commit} ({Summary}) is on trial, {Stage}, beside {Active}")]
    public static partial void OnTrial(this ILogger log, string commit, string summary, string stage, string active);

    [LoggerMessage(121, LogLevel.Information, "the trial of {Commit} has ended, and it {Fate}; {Differing} of {Compared} decisions differed")]
    public static partial void TrialEnded(this ILogger log, string commit, string fate, long differing, long compared);

    [LoggerMessage(122, LogLevel.Warning, "{Active} is pinned by {Operator}: {Reason}")]
    public static partial void Pinned(this ILogger log, string active, string @operator, string reason);

    [LoggerMessage(123, LogLevel.Information, "{Active} is pinned no more")]
    public static partial void Unpinned(this ILogger log, string active);

    [LoggerMessage(124, LogLevel.Warning, "the commit {Commit} ({Summary}) waits: it {Reason}; {Active} keeps serving")]
    public static partial void Waits(this ILogger log, string commit, string summary, string reason, string active);

    [LoggerMessage(125, LogLevel.Warning, "{Active} is still pinned by {Operator}: {Reason}")]
    public static partial void StillPinned(this ILogger log, string active, string @operator, string reason);

    [LoggerMessage(126, LogLevel.Warning, "{Operator} asked to {Step}: {Outcome}")]
    public static partial void Asked(this ILogger log, string @operator, string step, string outcome);

    [LoggerMessage(127, LogLevel.Error, "deciding with the candidate {Commit} failed, and {Active} goes on to answer")]
    public static partial void CandidateFailed(this ILogger log, Exception fault, string commit, string active);

    [LoggerMessage(600, LogLevel.Information, "asked to end: not ready any more, and answering for {Seconds} more seconds")]
    public static partial void Draining(this ILogger log, double seconds);

    [LoggerMessage(603, LogLevel.Information, "{Asked} to end: no more callers, and calls under way are still answered")]
    public static partial void Ending(this ILogger log, string asked);

    [LoggerMessage(601, LogLevel.Information, "health and metrics are told at {Address}")]
    public static partial void Monitoring(this ILogger log, string address);

    [LoggerMessage(602, LogLevel.Information, "metrics, traces and logs are sent to {Collector}")]
    public static partial void Exporting(this ILogger log, string collector);

    [LoggerMessage(100, LogLevel.Information, "callers have their roles by {File}: {Entries}")]
    public static partial void RolesRead(this ILogger log, string file, string entries);

    [LoggerMessage(101, LogLevel.Warning, "the roles file {File} speaks of the trust domain {TrustDomain}, which has no bundle: nobody comes in by that")]
    public static partial void RolesOfUnknownDomain(this ILogger log, string file, string trustDomain);

    [LoggerMessage(102, LogLevel.Information, "the revocation list of {Issuer} is in force: {Revoked} revoked, the next is due by {NextUpdate:u}")]
    public static partial void RevocationListRead(this ILogger log, string issuer, int revoked, DateTimeOffset nextUpdate);

    [LoggerMessage(107, LogLevel.Error, "the revocation list of {Authority} is missing, and there was one before: whom it revoked is not known, and nobody of that authority gets in until there is a list again; "
        + "to let them in without one, take the authority out of {File}, or remove that file, and start again")]
    public static partial void RevocationListMissing(this ILogger log, string authority, string file);

    [LoggerMessage(108, LogLevel.Error, "which authorities have a revocation list cannot be kept for the next start: {Reason}")]
    public static partial void ListedAuthoritiesNotKept(this ILogger log, string reason);

    [LoggerMessage(103, LogLevel.Error, "callers go on being judged by the roles and revocation lists before: {Reason}")]
    public static partial void CallerRulesRefused(this ILogger log, string reason);

    [LoggerMessage(104, LogLevel.Warning, "{What} ends at {Until:u}; after that {Then}")]
    public static partial void TermEnding(this ILogger log, string what, DateTimeOffset until, string then);

    [LoggerMessage(105, LogLevel.Error, "{What} ended at {Until:u}: {Then}")]
    public static partial void TermOver(this ILogger log, string what, DateTimeOffset until, string then);

    [LoggerMessage(106, LogLevel.Information, "the roles and all revocation lists can be used again")]
    public static partial void CallerRulesUsable(this ILogger log);

    [LoggerMessage(110, LogLevel.Warning, "turning calls of {Caller} away: {Reason}")]
    public static partial void Overloaded(this ILogger log, string caller, string reason);

    [LoggerMessage(111, LogLevel.Warning, "turning connections from {Address} away: {Reason}")]
    public static partial void OverloadedFrom(this ILogger log, System.Net.IPAddress address, string reason);

    [LoggerMessage(900, LogLevel.Critical, "the audit log cannot be written, so {What} until it can: {Reason}")]
    public static partial void AuditUnwritable(this ILogger log, string what, string reason);

    [LoggerMessage(901, LogLevel.Warning, "the audit log can be written again")]
    public static partial void AuditWritable(this ILogger log);

    [LoggerMessage(902, LogLevel.Warning, "the end of the audit log was of no whole record ({Bytes}, kept beside the journal): this server was killed while it wrote, or somebody changed it")]
    public static partial void AuditCut(this ILogger log, string bytes);

    [LoggerMessage(63, LogLevel.Warning, "the revision that a roll-back would go to, {Commit}, cannot be served any more: {Reason}")]
    public static partial void RollBackNotPrepared(this ILogger log, string commit, string reason);

    [LoggerMessage(905, LogLevel.Error, "{Records} of the audit log could not be made, and what is missing is counted in it")]
    public static partial void AuditUnmade(this ILogger log, Exception fault, string records);

    [LoggerMessage(908, LogLevel.Critical, "the server ends while the disk of the audit log hangs, with {Records} in line that may never be on it")]
    public static partial void AuditAbandoned(this ILogger log, string records);

    [LoggerMessage(906, LogLevel.Warning, "no checkpoint covered the end of the audit log, {Records}, so nothing vouches for that; a server that is killed leaves what is of its last second or two")]
    public static partial void AuditUnsigned(this ILogger log, string records);

    [LoggerMessage(914, LogLevel.Warning, "--audit-values {Name}: the policies that are served have no such attribute, and no record will have its value")]
    public static partial void AuditValueUnknown(this ILogger log, string name);

    [LoggerMessage(907, LogLevel.Error, "the audit log was not as it had been signed: {What}")]
    public static partial void AuditMended(this ILogger log, string what);

    [LoggerMessage(903, LogLevel.Information, "the entries of the audit log before {Number} are older than {Keep} and go; their hashes stay")]
    public static partial void AuditRemoved(this ILogger log, long number, TimeSpan keep);

    [LoggerMessage(904, LogLevel.Error, "old entries of the audit log could not be removed, which is tried again, and the log grows meanwhile: {Reason}")]
    public static partial void AuditNotRemoved(this ILogger log, string reason);

    [LoggerMessage(909, LogLevel.Information, "old entries of the audit log are removed again")]
    public static partial void AuditRemovalGoesOn(this ILogger log);

    [LoggerMessage(910, LogLevel.Warning, "the audit log cannot be sent to its collector, and is kept for when it can: {Reason}")]
    public static partial void AuditExportFailed(this ILogger log, string reason);

    [LoggerMessage(911, LogLevel.Information, "the audit log is sent to its collector again")]
    public static partial void AuditExportGoesOn(this ILogger log);

    [LoggerMessage(912, LogLevel.Error, "the collector of the audit log refused {Records}, not to be sent again: {Reason}")]
    public static partial void AuditExportRejected(this ILogger log, string records, string reason);

    [LoggerMessage(913, LogLevel.Error, "the collector of the audit log missed {Records}, removed by age beforehand")]
    public static partial void AuditExportMissed(this ILogger log, string records);
}
