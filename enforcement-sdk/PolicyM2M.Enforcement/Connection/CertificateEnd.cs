using System.Security.Cryptography.X509Certificates;

namespace PolicyM2M.Enforcement.Connection;

/// <summary>
/// The end of this device's certificate, told ahead. A connection that stands outlives it, so that nothing else shows before a decision point says that it does not know the caller any more, or the next
/// handshake fails. Mutable; looked at by one caller at a time; whether it is over, by all threads.
/// </summary>
/// <param name="first">The certificate in use.</param>
/// <param name="now">The device's time.</param>
/// <param name="tell">Told once that the end is near, and once that it has come; for each certificate.</param>
internal sealed class CertificateEnd(X509Certificate2 first, Func<DateTimeOffset> now, Action<ClientEvent> tell)
{
    /// <summary>A certificate with less of its time left should have been renewed.</summary>
    private const double LeastLeft = 0.1;

    private volatile Validity _validity = Validity.Of(first);
    private ClientEvent? _told;

    /// <summary>When the certificate ends.</summary>
    public DateTimeOffset Until => _validity.Until;

    /// <summary>Whether it has ended, by the device's clock.</summary>
    public bool IsOver => now() >= Until;

    /// <summary>From when on the end of a certificate is near.</summary>
    public static DateTimeOffset SoonFrom(DateTimeOffset from, DateTimeOffset until) => until - ((until - from) * LeastLeft);

    /// <summary>Another certificate is in use.</summary>
    public void Use(X509Certificate2 certificate) => _validity = Validity.Of(certificate);

    /// <summary>Looks how near it is.</summary>
    public void Look()
    {
        (DateTimeOffset from, DateTimeOffset until) = _validity;
        DateTimeOffset at = now();
        ClientMetrics.CertificateLeft(until - at);
        if (at < SoonFrom(from, until))
            return;
        var happened = new ClientEvent.CertificateEnding(until, IsOver: at >= until);
        if (happened.Equals(_told))
            return;
        _told = happened;
        tell(happened);
    }

    private sealed record Validity(DateTimeOffset From, DateTimeOffset Until)
    {
        public static Validity Of(X509Certificate2 certificate) => new(certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
    }
}
