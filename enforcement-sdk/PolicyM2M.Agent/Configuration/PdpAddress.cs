using System.Diagnostics.CodeAnalysis;

namespace PolicyM2M.Agent.Configuration;

/// <summary>The address of a decision point, as people write it.</summary>
internal static class PdpAddress
{
    /// <summary>Reads it: an https address and nothing more.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Uri? address, [NotNullWhen(false)] out string? reason)
    {
        reason = !Uri.TryCreate(text, UriKind.Absolute, out address) || address.Scheme != Uri.UriSchemeHttps
            ? "takes an address such as https://pdp.example:8443: decisions travel over TLS only"
            : address.PathAndQuery != "/" || address.Fragment.Length > 0 || address.UserInfo.Length > 0
                ? $"takes an address without more, such as https://{address.Authority}: who calls is told by the certificate, and what is called by the protocol"
                : null;
        return reason is null;
    }
}
