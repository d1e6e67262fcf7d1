using System.Globalization;
using System.Text;
using YamlDotNet.Core;

namespace PolicyM2M.Compiler.Spellings;

/// <summary>
/// Where in the file each character of a YAML scalar's value is written. YAML folds lines and reads escapes, and its library says
/// only where the whole scalar stands; so the value is read once more here. Where the two readings differ every place is the scalar's beginning.
/// </summary>
internal static class ScalarPlaces
{
    /// <summary>A place for each character of <paramref name="value"/>, and one for its end.</summary>
    public static int[] Of(string file, int start, int end, ScalarStyle style, string value)
    {
        if (value.Length == 0)
            return [start];
        var reading = new Reading(file, start, end);
        switch (style)
        {
            case ScalarStyle.Plain:
                reading.Flow(quote: '\0');
                break;
            case ScalarStyle.SingleQuoted:
                reading.Flow('\'');
                break;
            case ScalarStyle.DoubleQuoted:
                reading.Flow('"');
                break;
            case ScalarStyle.Literal or ScalarStyle.Folded:
                reading.Block(isFolded: style == ScalarStyle.Folded);
                break;
        }
        if (reading.Value == value)
            return [.. reading.Places, Math.Max(start, end)];
        int[] fallback = new int[value.Length + 1];
        Array.Fill(fallback, start);
        return fallback;
    }

    private sealed class Reading(string file, int start, int end)
    {
        private readonly StringBuilder _value = new();
        private readonly List<int> _places = [];
        private int _at = start;

        public string Value => _value.ToString();

        public List<int> Places => _places;

        /// <summary>A plain or quoted scalar (YAML 1.2.2, 7.3): a line break with the blanks around it is one space, each further one a line break.</summary>
        public void Flow(char quote)
        {
            if (quote != '\0' && (_at >= end || file[_at++] != quote))
                return;
            while (_at < end && !IsEnd(quote))
            {
                char c = file[_at];
                if (c is '\r' or '\n')
                    Fold();
                else if (quote == '"' && c == '\\')
                    Escape();
                else
                {
                    Add(c, _at);
                    _at += c == '\'' && quote == '\'' ? 2 : 1;
                }
            }
        }

        /// <summary>A block scalar (YAML 1.2.2, 8.1): lines without their indentation; what is more indented keeps its breaks where the rest is folded.</summary>
        public void Block(bool isFolded)
        {
            int header = file.IndexOf('\n', _at, end - _at);
            if (header < 0)
                return;
            ReadOnlySpan<char> signs = file.AsSpan(_at, header - _at);
            signs = signs.IndexOf('#') is >= 0 and int comment ? signs[..comment] : signs;
            bool keeps = signs.Contains('+'), strips = signs.Contains('-');
            _at = header + 1;
            int indentation = Indentation();
            int breaks = 0;
            bool wasText = false, wasMore = false;
            while (_at < end)
            {
                int lineEnd = file.IndexOf('\n', _at, end - _at) is >= 0 and int found ? found : end;
                int textEnd = lineEnd > _at && file[lineEnd - 1] == '\r' ? lineEnd - 1 : lineEnd;
                int text = Math.Min(_at + indentation, textEnd);
                if (text == textEnd)
                {
                    breaks++;
                }
                else
                {
                    bool isMore = file[text] is ' ' or '\t';
                    Break(text, isFolded && wasText && !wasMore && !isMore ? breaks - 1 : breaks, isFolded && wasText && !wasMore && !isMore && breaks == 1);
                    for (int i = text; i < textEnd; i++)
                        Add(file[i], i);
                    (breaks, wasText, wasMore) = (lineEnd < end ? 1 : 0, true, isMore);
                }
                _at = lineEnd + 1;
            }
            Break(Math.Max(0, end - 1), strips ? 0 : keeps ? breaks : Math.Min(wasText ? 1 : 0, breaks), isSpace: false);
        }

        private void Break(int place, int count, bool isSpace)
        {
            if (isSpace)
                Add(' ', place);
            for (int i = 0; i < count; i++)
                Add('\n', place);
        }

        /// <summary>That of the first line with text; an indentation that the header states is not looked at: the reading then differs.</summary>
        private int Indentation()
        {
            for (int at = _at; at < end;)
            {
                int text = at;
                while (text < end && file[text] == ' ')
                    text++;
                if (text < end && file[text] is not ('\r' or '\n'))
                    return text - at;
                at = file.IndexOf('\n', text, end - text) is >= 0 and int next ? next + 1 : end;
            }
            return 0;
        }

        private bool IsEnd(char quote) => quote != '\0' && file[_at] == quote && !(quote == '\'' && _at + 1 < end && file[_at + 1] == '\'');

        private void Fold()
        {
            while (_value.Length > 0 && _value[^1] is ' ' or '\t')
            {
                _value.Length--;
                _places.RemoveAt(_places.Count - 1);
            }
            int from = _at, breaks = 0;
            for (; _at < end && file[_at] is ' ' or '\t' or '\r' or '\n'; _at++)
                breaks += file[_at] == '\n' ? 1 : 0;
            Break(from, breaks - 1, isSpace: breaks <= 1);
        }

        private void Escape()
        {
            const string From = "0abtnvfre \"/\\N_LP", To = "\0\a\b\t\n\v\f\r\e \"/\\\u0085\u00A0\u2028\u2029";
            char sign = _at + 1 < end ? file[_at + 1] : '\0';
            int digits = sign switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
            if (digits > 0 && _at + 2 + digits <= end
                && int.TryParse(file.AsSpan(_at + 2, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int code) && Rune.IsValid(code))
            {
                foreach (char c in new Rune(code).ToString())
                    Add(c, _at);
            }
            else if (sign is '\r' or '\n')
            {
                // An escaped line break and the blanks that follow are nothing.
                _at++;
                while (_at < end && file[_at] is ' ' or '\t' or '\r' or '\n')
                    _at++;
                return;
            }
            else if (From.IndexOf(sign, StringComparison.Ordinal) is >= 0 and int known)
            {
                Add(To[known], _at);
            }
            _at += 2 + digits;
        }

        private void Add(char c, int place)
        {
            _value.Append(c);
            _places.Add(place);
        }
    }
}
