using System.Diagnostics.CodeAnalysis;

namespace PolicyM2M.X509;

/// <summary>
/// A SPIFFE ID: <c>spiffe://trust-domain/path</c>, by the syntax of the SPIFFE-ID standard, section 2. Nothing is
/// normalised: what is not in the one canonical spelling is refused, so two IDs are equal exactly where their texts are.
/// </summary>
/// <param name="TrustDomain">The trust domain, in lower case.</param>
/// <param name="Path">The path, empty or beginning with <c>/</c>.</param>
internal sealed record SpiffeId(string TrustDomain, string Path)
{
    private const string Scheme = "spiffe://";
    private const int MaximumLength = 2_048;
    private const int MaximumTrustDomainLength = 255;

    /// <summary>The segments of the path.</summary>
    public IReadOnlyList<string> Segments => Path.Length == 0 ? [] : Path[1..].Split('/');

    /// <summary>Reads a SPIFFE ID; false, with the rule that is broken, where the text is none.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out SpiffeId? id, [NotNullWhen(false)] out string? fault)
    {
        id = null;
        fault = null;
        if (text.Length > MaximumLength)
            fault = $"it is longer than {MaximumLength} bytes";
        else if (!text.StartsWith(Scheme, StringComparison.Ordinal))
            fault = $"it does not begin with {Scheme}";
        if (fault is not null)
            return false;

        string rest = text[Scheme.Length..];
        int slash = rest.IndexOf('/', StringComparison.Ordinal);
        string trustDomain = slash < 0 ? rest : rest[..slash];
        string path = slash < 0 ? "" : rest[slash..];
        if (trustDomain.Length is 0 or > MaximumTrustDomainLength)
            fault = $"the trust domain is empty or longer than {MaximumTrustDomainLength} bytes";
        else if (!trustDomain.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '-' or '_'))
            fault = "the trust domain has characters other than a-z, 0-9, '.', '-' and '_'";
        else if (path.Length > 0 && !path[1..].Split('/').All(IsSegment))
            fault = "the path has an empty or relative segment, or characters other than letters, digits, '.', '-' and '_'";
        if (fault is not null)
            return false;
        id = new SpiffeId(trustDomain, path);
        return true;
    }

    /// <summary>Whether a text can be one segment of a path.</summary>
    public static bool IsSegment(string text) =>
        text.Length > 0 && text is not ("." or "..") && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');

    /// <inheritdoc/>
    public override string ToString() => $"{Scheme}{TrustDomain}{Path}";
}
