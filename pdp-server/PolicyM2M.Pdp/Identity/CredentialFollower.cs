using System.Security.Cryptography;
using PolicyM2M.Audit;
using PolicyM2M.Audit.Storage;
using PolicyM2M.Pdp.Startup;

namespace PolicyM2M.Pdp.Identity;

/// <summary>
/// Reads the server's certificate, its key and the authorities that it trusts again when their files change. Handshakes from then on go by them; connections that are open stay, unless
/// the authority that vouched for them is gone.
/// Files that cannot be used change nothing: whoever replaces three of them does not do it in one instant.
/// </summary>
internal sealed class CredentialFollower(
    DataFolder data, CredentialState state, CallerRulesState rules, PdpOptions options, TimeProvider clock, ILogger<CredentialFollower> log) : BackgroundService
{
    /// <summary>What the files held when they were last used.</summary>
    private string _used = "";

    /// <summary>Why they cannot be used, as it was last said: the same at every look is said once.</summary>
    private string? _refusal;

    private readonly TermWatch _terms = new(log, "no caller accepts this server");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _used = Fingerprint() ?? "";
        using var timer = new PeriodicTimer(options.Poll, clock);
        try
        {
            do
            {
                Follow();
                _terms.Look([state.Current.Term], clock.GetUtcNow());
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // The server ends.
        }
    }

    private void Follow()
    {
        if (Fingerprint() is not { } found)
            return;
        if (found == _used)
        {
            if (_refusal is not null)
                log.CredentialsUsable();
            Refuse(null);
            return;
        }
        try
        {
            TlsCredentials read = TlsCredentials.Load(data, options.Callers);
            // Devices know the server by its trust domain, and who may call is told by it: another one is another server.
            if (read.Id.TrustDomain != state.Current.Id.TrustDomain)
                throw new StartupException($"the certificate is of the trust domain {read.Id.TrustDomain}, and this server serves {state.Current.Id.TrustDomain}");
            if (read.Term is var term && term.At(clock.GetUtcNow()) == TermStage.Over && state.Current.Term.At(clock.GetUtcNow()) != TermStage.Over)
                throw new StartupException($"{term.What} is over, and the one in use is not");
            // Half of a replacement may have been read: what was hashed must be what was loaded.
            if (Fingerprint() != found)
                return;
            state.Replace(read);
            rules.Replace(before => before with { Trust = read.Trust });
            _used = found;
            Refuse(null);
            log.CredentialsRead(read.Server.Thumbprint, read.Server.NotAfter.ToUniversalTime(), Amount.Of(read.Trust.Authorities.Count(), "trusted authority"));
        }
        catch (StartupException fault)
        {
            Refuse(fault.Message);
        }
    }

    private void Refuse(string? reason)
    {
        if (reason is not null && _refusal != reason)
            log.CredentialsRefused(reason);
        (_refusal, state.HasUnusableFiles) = (reason, reason is not null);
    }

    private IEnumerable<string> Files() =>
        [data.Certificate("server"), data.Key("server"), data.Certificate("ca"), .. TrustFiles.Find(data, options.Callers).Select(bundle => bundle.File)];

    /// <summary>A hash of all files; null while one of them cannot be read.</summary>
    private string? Fingerprint()
    {
        try
        {
            return string.Concat(Files().Select(file => file + Convert.ToHexStringLower(SHA256.HashData(OrdinaryFile.Read(file, TrustFiles.Largest)))));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or StartupException)
        {
            Refuse(fault.Message);
            return null;
        }
    }
}
