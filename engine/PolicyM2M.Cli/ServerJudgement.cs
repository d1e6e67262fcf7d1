using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace PolicyM2M.Cli;

/// <summary>What a connection made of the certificate of its other end, so that a certificate that is not accepted is told from a server that shows none. Of two handshakes at once the later counts.</summary>
internal sealed class ServerJudgement
{
    private volatile string? _fault;
    private volatile bool _hasSeen;

    /// <summary>Why it is not accepted; null where it is, or none was shown.</summary>
    public string? Fault => _fault;

    /// <summary>Whether one was shown.</summary>
    public bool HasSeen => _hasSeen;

    /// <summary>Takes note of what was found; whether it is accepted.</summary>
    public bool Take(X509Chain? chain, SslPolicyErrors errors)
    {
        IEnumerable<string> ofChain = errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) && chain is not null ? chain.ChainStatus.Select(status => $"{status.Status}") : [];
        _fault = errors == SslPolicyErrors.None ? null : string.Join(", ", ofChain.Prepend($"{errors}").Distinct());
        _hasSeen = true;
        return errors == SslPolicyErrors.None;
    }
}
