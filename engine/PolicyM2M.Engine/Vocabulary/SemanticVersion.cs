using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace PolicyM2M.Engine.Vocabulary;

/// <summary>
/// A version in the order of Semantic Versioning 2.0.0 (section 11), read leniently: one to four numbers
/// (<c>2</c>, <c>2.4</c>, <c>2.4.0</c>, <c>2.4.0.17</c>; numbers left out are zero), then an optional pre-release
/// (<c>-rc.1</c>) and optional build metadata (<c>+5</c>), which takes no part in the order.
/// </summary>
public sealed class SemanticVersion : IComparable<SemanticVersion>, IEquatable<SemanticVersion>
{
    private const int MaximumNumbers = 4;
    private const int MaximumLength = 128;

    private readonly long[] _numbers;
    private readonly string[] _preRelease;

    private SemanticVersion(long[] numbers, string[] preRelease, string text)
    {
        _numbers = numbers;
        _preRelease = preRelease;
        Text = text;
    }

    /// <summary>The version as it was written, without build metadata.</summary>
    public string Text { get; }

    /// <summary>Reads a version; false where <paramref name="text"/> is none.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out SemanticVersion? version)
    {
        version = null;
        if (string.IsNullOrEmpty(text) || text.Length > MaximumLength)
            return false;

        int plus = text.IndexOf('+', StringComparison.Ordinal);
        string withoutBuild = plus < 0 ? text : text[..plus];
        if (plus >= 0 && !AreIdentifiers(text[(plus + 1)..]))
            return false;

        int dash = withoutBuild.IndexOf('-', StringComparison.Ordinal);
        string core = dash < 0 ? withoutBuild : withoutBuild[..dash];
        string preRelease = dash < 0 ? "" : withoutBuild[(dash + 1)..];
        if (dash >= 0 && !AreIdentifiers(preRelease))
            return false;

        string[] parts = core.Split('.');
        if (parts.Length > MaximumNumbers)
            return false;
        var numbers = new long[MaximumNumbers];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!long.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]))
                return false;
        }
        version = new SemanticVersion(numbers, preRelease.Length == 0 ? [] : preRelease.Split('.'), withoutBuild);
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(SemanticVersion? other)
    {
        if (other is null)
            return 1;
        for (int i = 0; i < MaximumNumbers; i++)
        {
            int byNumber = _numbers[i].CompareTo(other._numbers[i]);
            if (byNumber != 0)
                return byNumber;
        }

        // A pre-release precedes its release.
        if (_preRelease.Length == 0 || other._preRelease.Length == 0)
            return other._preRelease.Length.CompareTo(_preRelease.Length);
        for (int i = 0; i < Math.Min(_preRelease.Length, other._preRelease.Length); i++)
        {
            int byIdentifier = CompareIdentifiers(_preRelease[i], other._preRelease[i]);
            if (byIdentifier != 0)
                return byIdentifier;
        }
        return _preRelease.Length.CompareTo(other._preRelease.Length);
    }

    /// <inheritdoc/>
    public bool Equals(SemanticVersion? other) => CompareTo(other) == 0;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SemanticVersion);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (long number in _numbers)
            hash.Add(number);
        foreach (string identifier in _preRelease)
            hash.Add(Normalized(identifier), StringComparer.Ordinal);
        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    /// <summary>Numbers compare as numbers and precede words; words compare by code unit.</summary>
    private static int CompareIdentifiers(string left, string right)
    {
        bool leftIsNumber = IsNumber(left), rightIsNumber = IsNumber(right);
        if (leftIsNumber != rightIsNumber)
            return leftIsNumber ? -1 : 1;
        if (!leftIsNumber)
            return string.CompareOrdinal(left, right);
        string a = Normalized(left), b = Normalized(right);
        return a.Length != b.Length ? a.Length.CompareTo(b.Length) : string.CompareOrdinal(a, b);
    }

    private static string Normalized(string identifier) =>
        IsNumber(identifier) ? identifier.TrimStart('0') is { Length: > 0 } digits ? digits : "0" : identifier;

    private static bool IsNumber(string identifier) => identifier.All(char.IsAsciiDigit);

    private static bool AreIdentifiers(string text) =>
        text.Split('.').All(part => part.Length > 0 && part.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'));

    /// <summary>Whether two versions have the same precedence.</summary>
    public static bool operator ==(SemanticVersion? left, SemanticVersion? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Whether two versions differ in precedence.</summary>
    public static bool operator !=(SemanticVersion? left, SemanticVersion? right) => !(left == right);

    /// <summary>Whether <paramref name="left"/> precedes <paramref name="right"/>.</summary>
    public static bool operator <(SemanticVersion left, SemanticVersion right) => left.CompareTo(right) < 0;

    /// <summary>Whether <paramref name="left"/> precedes <paramref name="right"/> or is its equal.</summary>
    public static bool operator <=(SemanticVersion left, SemanticVersion right) => left.CompareTo(right) <= 0;

    /// <summary>Whether <paramref name="left"/> follows <paramref name="right"/>.</summary>
    public static bool operator >(SemanticVersion left, SemanticVersion right) => left.CompareTo(right) > 0;

    /// <summary>Whether <paramref name="left"/> follows <paramref name="right"/> or is its equal.</summary>
    public static bool operator >=(SemanticVersion left, SemanticVersion right) => left.CompareTo(right) >= 0;
}
