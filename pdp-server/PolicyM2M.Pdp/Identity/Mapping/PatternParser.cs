using System.Globalization;
using System.Text;
using PolicyM2M.X509;

namespace PolicyM2M.Pdp.Identity.Mapping;

/// <summary>What is wrong with a pattern, and where in it.</summary>
internal sealed class PatternException(int offset, string message) : Exception(message)
{
    public int Offset { get; } = offset;
}

/// <summary>Reads the pattern of an entry: <c>spiffe://…</c>, <c>dns:…</c> or <c>subject:…</c>.</summary>
internal static class PatternParser
{
    private const string Spiffe = "spiffe://", Dns = "dns:", Subject = "subject:";
    private const int MaximumLength = 2_048;

    /// <summary>The pattern.</summary>
    /// <exception cref="PatternException">It is none.</exception>
    public static IdentityPattern Parse(string text)
    {
        IdentityPattern pattern =
            text.Length > MaximumLength ? throw new PatternException(0, $"the pattern is longer than {MaximumLength} characters")
            : text.StartsWith(Spiffe, StringComparison.Ordinal) ? ParseSpiffe(text)
            : text.StartsWith(Dns, StringComparison.Ordinal) ? ParseDns(text)
            : text.StartsWith(Subject, StringComparison.Ordinal) ? new SubjectPattern(text, Subject.Length).Parse()
            : throw new PatternException(0, "expected a pattern that begins with `spiffe://`, `dns:` or `subject:`");
        int second = text.IndexOf(PatternPart.Capture, StringComparison.Ordinal) is >= 0 and int first
            ? text.IndexOf(PatternPart.Capture, first + 1, StringComparison.Ordinal) : -1;
        return second < 0 ? pattern : throw new PatternException(second, "`{name}` stands in a pattern once");
    }

    private static IdentityPattern.OfSpiffe ParseSpiffe(string text)
    {
        int slash = text.IndexOf('/', Spiffe.Length);
        string domain = slash < 0 ? text[Spiffe.Length..] : text[Spiffe.Length..slash];
        if (domain.Contains('*', StringComparison.Ordinal) || domain.Contains('{', StringComparison.Ordinal))
            throw new PatternException(Spiffe.Length, "a trust domain is written out; `*` and `{name}` stand for a segment of the path");
        if (!SpiffeId.TryParse($"{Spiffe}{domain}", out _, out string? fault))
            throw new PatternException(Spiffe.Length, fault);
        if (slash < 0)
            throw new PatternException(text.Length, "expected a path, such as `/device/{name}`");
        return new IdentityPattern.OfSpiffe(domain, ParseParts(text, slash + 1, '/',
            segment => SpiffeId.IsSegment(segment) ? null : "expected `*`, `{name}`, or letters, digits, '.', '-' and '_'"));
    }

    private static IdentityPattern.OfDns ParseDns(string text)
    {
        IReadOnlyList<PatternPart> labels = ParseParts(text.ToLowerInvariant(), Dns.Length, '.',
            label => IdentityPattern.OfDns.IsLabel(label) ? null : "expected `*`, `{name}`, or a label of letters, digits and '-'");
        return labels[^1] is PatternPart.Literal ? new IdentityPattern.OfDns(labels)
            : throw new PatternException(text.LastIndexOfAny(['.', ':']) + 1, "the last label is written out, or anybody's names would match");
    }

    private static List<PatternPart> ParseParts(string text, int start, char separator, Func<string, string?> faultOf)
    {
        List<PatternPart> parts = [];
        foreach (string part in text[start..].Split(separator))
        {
            parts.Add(Special(part, start) ?? (faultOf(part) is { } fault ? throw new PatternException(start, fault) : new PatternPart.Literal(part)));
            start += part.Length + 1;
        }
        return parts;
    }

    /// <summary>The part that is no literal; null where it is one.</summary>
    private static PatternPart? Special(string part, int offset) => part switch
    {
        "*" => new PatternPart.Any(),
        PatternPart.Capture => new PatternPart.Name(),
        ['{', ..] => throw new PatternException(offset, "only `{name}` can be captured, and it stands for the whole part"),
        _ when part.Contains('*', StringComparison.Ordinal) || part.Contains(PatternPart.Capture, StringComparison.Ordinal)
            => throw new PatternException(offset, "`*` and `{name}` stand for a whole part, and not for a piece of one"),
        _ => null,
    };

    /// <summary>Reads a subject by RFC 4514. It goes through the text once.</summary>
    private sealed class SubjectPattern(string text, int start)
    {
        private int _at = start;

        public IdentityPattern.OfSubject Parse()
        {
            List<IReadOnlyList<(string, PatternPart)>> parts = [];
            List<(string Type, PatternPart Value)> part = [];
            while (true)
            {
                int began = _at;
                string type = ReadType();
                if (part.Any(attribute => attribute.Type == type))
                    throw new PatternException(began, "the same type stands in one part twice");
                part.Add((type, ReadValue()));
                char? separator = _at < text.Length ? text[_at++] : null;
                if (separator == '+')
                    continue;
                parts.Add(part);
                part = [];
                if (separator is null)
                    return new IdentityPattern.OfSubject(parts);
            }
        }

        private string ReadType()
        {
            int began = _at, equals = text.IndexOf('=', _at);
            if (equals < 0)
                throw new PatternException(began, "expected an attribute and its value, such as `CN={name}`");
            _at = equals + 1;
            return AttributeTypes.Find(text[began..equals])
                ?? throw new PatternException(began, $"expected the type of an attribute ({AttributeTypes.All}, or digits and dots) right after the comma");
        }

        private PatternPart ReadValue()
        {
            int began = _at;
            if (_at < text.Length && text[_at] is '#' or ' ')
                throw new PatternException(began, "expected a value; one that begins with a space or `#` is written with a backslash before it");
            List<byte> value = [];
            bool isEscaped = false;
            while (_at < text.Length && text[_at] is not (',' or '+'))
            {
                if (text[_at] is '"' or ';' or '<' or '>' or '\0')
                    throw new PatternException(_at, $"`{(text[_at] == '\0' ? "\\00" : text[_at])}` is written with a backslash before it");
                isEscaped |= text[_at] == '\\';
                ReadCharacter(value);
            }
            if (value.Count == 0)
                throw new PatternException(began, "expected a value");
            if (text[_at - 1] == ' ' && (_at - 2 < began || text[_at - 2] != '\\'))
                throw new PatternException(_at - 1, "a space at the end of a value is written with a backslash before it");
            string written = text[began.._at];
            if (!isEscaped && Special(written, began) is { } special)
                return special;
            try
            {
                return new PatternPart.Literal(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString([.. value]));
            }
            catch (DecoderFallbackException)
            {
                throw new PatternException(began, "the escaped bytes are no UTF-8");
            }
        }

        private void ReadCharacter(List<byte> value)
        {
            if (text[_at] != '\\')
            {
                int length = char.IsSurrogatePair(text, _at) ? 2 : 1;
                value.AddRange(Encoding.UTF8.GetBytes(text.Substring(_at, length)));
                _at += length;
                return;
            }
            string next = text[(_at + 1)..Math.Min(_at + 3, text.Length)];
            if (next.Length == 2 && byte.TryParse(next, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte octet))
            {
                value.Add(octet);
                _at += 3;
            }
            else if (next.Length > 0 && " \"#+,;<=>\\*{".Contains(next[0], StringComparison.Ordinal))
            {
                value.Add((byte)next[0]);
                _at += 2;
            }
            else
                throw new PatternException(_at, "expected one of `\"#+,;<=>\\*{`, a space, or two hexadecimal digits after the backslash");
        }
    }
}
