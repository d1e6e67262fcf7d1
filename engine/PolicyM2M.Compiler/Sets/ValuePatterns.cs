using System.Globalization;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Sets;

/// <summary>
/// The values of the language as regular expressions that every editor reads (ECMA 262, section 22.2), without anchors. They are exact but for what
/// takes arithmetic: whether a fraction is above one, and whether the parts of a duration sum up to more than there is.
/// </summary>
internal static class ValuePatterns
{
    public const string Blank = @"[ \t\r\n]*";

    /// <summary>A day that the calendar has, and perhaps a time with an offset of at most 14 hours; of its seconds a fraction may be given.</summary>
    public const string Instant =
        "(?!0000)(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
        + "|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)"
        + "(?:T(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\\.[0-9]+)?)?(?:Z|" + Offset + "))?";

    /// <summary>An offset from UTC.</summary>
    public const string Offset = "[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00)";

    private const string Identifiers = @"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*";

    /// <summary>As <see cref="Identifiers"/>, without numbers that have leading zeros (Semantic Versioning 2.0.0, section 9).</summary>
    private const string PreRelease = @"(?!(?:[0-9A-Za-z-]+\.)*0[0-9]+(?:[.+]|$))" + Identifiers;

    /// <summary>A duration. Each part by itself is at most the longest that there is.</summary>
    public static readonly string Duration =
        "(?=[0-9])" + string.Concat(new (char Unit, long Seconds)[] { ('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1) }
            .Select(part => $"(?:{UpTo(DurationText.MaximumSeconds / part.Seconds)}{part.Unit})?"));

    /// <summary>A fraction or a percentage.</summary>
    public static readonly string Share = $"(?:{UpTo(100)}%|{UpTo(int.MaxValue)}/(?!0+(?![0-9])){UpTo(int.MaxValue)})";

    /// <summary>A version: one to four numbers, perhaps a pre-release and build metadata.</summary>
    public static readonly string Version = $@"(?:0|[1-9][0-9]{{0,17}})(?:\.(?:0|[1-9][0-9]{{0,17}})){{0,3}}(?:-{PreRelease})?(?:\+{Identifiers})?";

    /// <summary>A version as a device may report it: its numbers may have leading zeros.</summary>
    public const string ReportedVersion = $@"0*[0-9]{{1,18}}(?:\.0*[0-9]{{1,18}}){{0,3}}(?:-{Identifiers})?(?:\+{Identifiers})?";

    /// <summary>An IPv4 address in four decimal numbers, or an IPv6 address (RFC 4291, section 2.2).</summary>
    public static readonly string Address = AnyAddress();

    /// <summary>A number with no sign and a value of at most so much; it may begin with zeros.</summary>
    public static string UpTo(long most)
    {
        string digits = most.ToString(CultureInfo.InvariantCulture);
        IEnumerable<string> less = digits.Select((digit, i) => (digit, i)).Where(place => place.digit > '0')
            .Select(place => $"{digits[..place.i]}[0-{(char)(place.digit - 1)}]{Any(digits.Length - place.i - 1)}");
        return $"0*(?:{string.Join('|', [.. less, digits, $"[0-9]{{1,{Math.Max(1, digits.Length - 1)}}}"])})";

        static string Any(int count) => count == 0 ? "" : $"[0-9]{{{count}}}";
    }

    private static string AnyAddress()
    {
        const string Byte = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])", Word = "[0-9A-Fa-f]{1,4}";
        const string V4 = $@"{Byte}(?:\.{Byte}){{3}}";
        IEnumerable<string> shortened = Enumerable.Range(1, 6).Select(left => $"(?:{Word}:){{1,{left}}}(?::{Word}){{1,{7 - left}}}");
        IEnumerable<string> withV4 = Enumerable.Range(1, 5).Select(left => $"(?:{Word}:){{1,{left}}}(?::{Word}){{0,{5 - left}}}:{V4}");
        return "(?:" + string.Join('|',
            [V4, $"(?:{Word}:){{7}}{Word}", $"(?:{Word}:){{1,7}}:", .. shortened, $":(?::{Word}){{1,7}}", "::", $"(?:{Word}:){{6}}{V4}", .. withV4, $"::(?:{Word}:){{0,5}}{V4}"]) + ")";
    }
}
