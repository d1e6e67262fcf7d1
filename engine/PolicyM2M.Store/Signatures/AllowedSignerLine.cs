using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace PolicyM2M.Store.Signatures;

/// <summary>Reads one line of an allowed signers file: <c>principals [options] keytype base64-key [comment]</c>.</summary>
internal static class AllowedSignerLine
{
    private const int MaximumShown = 60;

    private static readonly string[] Instants = ["yyyyMMdd", "yyyyMMddHHmm", "yyyyMMddHHmmss"];

    /// <summary>The signer that a line names.</summary>
    /// <exception cref="FormatException">It names none; the message says what was expected.</exception>
    public static AllowedSigner Read(string line)
    {
        List<string> words = Words(line, ' ', '\t');
        ImmutableArray<string> principals = Principals(words[0]);
        if (words.Count < 2)
            throw new FormatException($"after the principals `{Shown(words[0])}` a key was expected, such as: ssh-ed25519 AAAA…");
        Options options = IsKeyType(words[1]) ? new Options() : Options.Read(words[1]);
        int at = IsKeyType(words[1]) ? 1 : 2;
        if (words.Count < at + 2)
            throw new FormatException($"a key was expected, its type and then its base64, such as: ssh-ed25519 AAAA…");
        SshPublicKey key = Key(words[at], words[at + 1]);
        if (options.ValidAfter >= options.ValidBefore)
            throw new FormatException("`valid-after` is not before `valid-before`, so that the key would never count");
        return new AllowedSigner(principals, key, options.Namespaces, options.ValidAfter, options.ValidBefore);
    }

    /// <summary>A pattern could stand for anybody; then nobody could say who signed, or how many did.</summary>
    private static ImmutableArray<string> Principals(string word)
    {
        ImmutableArray<string> names = [.. Unquoted(word).Split(',')];
        if (names.Any(name => name.Length == 0 || name.Any(c => char.IsControl(c) || char.IsWhiteSpace(c))))
            throw new FormatException($"`{Shown(word)}` is no list of principals, such as: alice@example.com,alice");
        return names.FirstOrDefault(name => name.AsSpan().IndexOfAny('*', '?', '!') >= 0) is { } pattern
            ? throw new FormatException($"the principal `{Shown(pattern)}` is a pattern; name the one who holds the key")
            : names;
    }

    private static SshPublicKey Key(string type, string base64)
    {
        if (!IsKeyType(type))
            throw new FormatException($"`{Shown(type)}` is no type of key; expected one of {SshPublicKey.KnownTypes}");
        byte[] blob = new byte[base64.Length];
        if (!Convert.TryFromBase64String(base64, blob, out int written))
            throw new FormatException($"the key `{Shown(base64)}` is not base64; copy it from the `.pub` file");
        try
        {
            SshPublicKey key = SshPublicKey.Parse(blob.AsSpan(0, written));
            return key.Type == type ? key : throw new FormatException($"it is of the type `{key.Type}`");
        }
        catch (FormatException fault)
        {
            throw new FormatException($"the {type} key cannot be used: {fault.Message}", fault);
        }
    }

    /// <summary>Also the types that are refused later, by name, with a reason.</summary>
    private static bool IsKeyType(string word) => !word.Contains('=', StringComparison.Ordinal)
        && (word.StartsWith("ssh-", StringComparison.Ordinal) || word.StartsWith("ecdsa-", StringComparison.Ordinal) || word.StartsWith("sk-", StringComparison.Ordinal));

    /// <summary>The words of a text, where a quoted part may hold what else ends one; quotes stay. What follows the fourth separator is a comment and may be anything.</summary>
    private static List<string> Words(string text, params ReadOnlySpan<char> separators)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        bool isQuoted = false;
        foreach (char c in text)
        {
            if (!isQuoted && separators.Contains(c))
            {
                if (word.Length > 0)
                    words.Add(word.ToString());
                word.Clear();
                const int BeforeComment = 4;
                if (words.Count == BeforeComment)
                    return words;
                continue;
            }
            if (c == '"')
                isQuoted = !isQuoted;
            word.Append(c);
        }
        if (isQuoted)
            throw new FormatException("a quote is left open");
        if (word.Length > 0)
            words.Add(word.ToString());
        return words;
    }

    private static string Unquoted(string word) => word.Replace("\"", "", StringComparison.Ordinal);

    private static string Shown(string text) => text.Length > MaximumShown ? $"{text[..MaximumShown]}…" : text;

    private sealed record Options
    {
        public ImmutableArray<string> Namespaces { get; private init; } = [];

        public DateTimeOffset? ValidAfter { get; private init; }

        public DateTimeOffset? ValidBefore { get; private init; }

        public static Options Read(string word)
        {
            var options = new Options();
            var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
            foreach (string option in Split(word))
            {
                int equals = option.IndexOf('=', StringComparison.Ordinal);
                string name = equals < 0 ? option : option[..equals], value = equals < 0 ? "" : Unquoted(option[(equals + 1)..]);
                if (!seen.Add(name))
                    throw new FormatException($"the option `{Shown(name)}` is given twice");
                options = name.ToLowerInvariant() switch
                {
                    "namespaces" when value.Length > 0 => options with { Namespaces = [.. value.Split(',').Select(Namespace)] },
                    "valid-after" => options with { ValidAfter = Instant(name, value) },
                    "valid-before" => options with { ValidBefore = Instant(name, value) },
                    "namespaces" => throw new FormatException("the option `namespaces` was expected to name some, such as: namespaces=\"git\""),
                    "cert-authority" => throw new FormatException("`cert-authority` is not supported, since it lets an authority name signers; list the signers' own keys"),
                    _ => throw new FormatException($"`{Shown(name)}` is neither an option (namespaces=, valid-after=, valid-before=) nor a type of key ({SshPublicKey.KnownTypes})"),
                };
            }
            return options;
        }

        private static List<string> Split(string word)
        {
            var parts = new List<string>();
            int from = 0;
            bool isQuoted = false;
            for (int i = 0; i <= word.Length; i++)
            {
                if (i < word.Length && word[i] == '"')
                    isQuoted = !isQuoted;
                if (i < word.Length && (isQuoted || word[i] != ','))
                    continue;
                parts.Add(word[from..i]);
                from = i + 1;
            }
            return parts;
        }

        private static string Namespace(string name) => name.Length == 0 || name.StartsWith('!')
            ? throw new FormatException($"`{Shown(name)}` is no namespace; name those that are allowed, such as: namespaces=\"git\"")
            : name;

        /// <summary>OpenSSH reads a time without Z in the zone of the machine; a set must mean the same everywhere, so that all are UTC here.</summary>
        private static DateTimeOffset Instant(string option, string value) =>
            DateTimeOffset.TryParseExact(value.EndsWith('Z') ? value[..^1] : value, Instants, CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset instant)
                ? instant
                : throw new FormatException($"`{option}={Shown(value)}` is not a time such as 20270131 or 202701310600Z, in UTC");
    }
}
