namespace PolicyM2M.Enforcement.Connection;

/// <summary>
/// The end of this device's certificate, or of the first authority above it, told ahead. A connection that stands outlives it, so that nothing else shows before a decision point says that it
/// does not know the caller any more, or the next handshake fails. Mutable; looked at by one caller at a time; whether it is over, by all threads.
/// </summary>
/// <param name="first">When the certificate in use can be used.</param>
/// <param name="firstHeld">The same by all that this device holds.</param>
/// <param name="now">The device's time.</param>
/// <param name="tell">Told once that the end is near, and once that it has come; for each certificate.</param>
internal sealed class CertificateEnd(CertificateValidity first, CertificateValidity firstHeld, Func<DateTimeOffset> now, Action<ClientEvent> tell)
{
    /// <summary>A certificate with less of its time left should have been renewed.</summary>
    private const double LeastLeft = 0.1;

    private volatile CertificateValidity _validity = first;
    private volatile CertificateValidity _held = firstHeld;
    private ClientEvent? _told;

    /// <summary>When the certificate ends.</summary>
    public DateTimeOffset Until => _validity.Until;

    /// <summary>
    /// Whether it has ended, by the device's clock and by all that this device holds: also an authority that it has only to judge decision points by. Asked where a decision point does not take the certificate,
    /// since that may hold a later one of the name.
    /// </summary>
    public bool IsOver => now() is var at && (at >= Until || at >= _held.Until);

    /// <summary>That it has ended, and what there is to do.</summary>
    public string Over => (now() >= Until ? _validity : _held) is { Authority: { } authority } over
        ? $"`{authority}`, an authority above this device's certificate, ended at {over.Until:u}: the certificate must be issued anew, under one that goes on"
        : $"this device's certificate ended at {Until:u}: it must be renewed";

    /// <summary>From when on the end of a certificate is near. One that was issued after its authority's end has no time at all.</summary>
    public static DateTimeOffset SoonFrom(CertificateValidity validity) => validity.From < validity.Until ? validity.Until - ((validity.Until - validity.From) * LeastLeft) : validity.Until;

    /// <summary>Another certificate is in use.</summary>
    public void Use(CertificateValidity next, CertificateValidity nextHeld) => (_validity, _held) = (next, nextHeld);

    /// <summary>Looks how near it is.</summary>
    public void Look()
    {
        CertificateValidity validity = _validity;
        DateTimeOffset until = validity.Until, at = now();
        ClientMetrics.CertificateLeft(until - at);
        if (at < SoonFrom(validity))
            return;
        var happened = new ClientEvent.CertificateEnding(until, IsOver: at >= until);
        if (happened.Equals(_told))
            return;
        _told = happened;
        tell(happened);
    }
}
