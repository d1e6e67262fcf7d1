using System.Globalization;

namespace PolicyM2M.Engine.Vocabulary;

/// <summary>
/// Instants as policies and contexts write them: a day (<c>2027-01-31</c>, its first moment in UTC), or a day and a time with an offset
/// (<c>2027-01-31T06:00Z</c>, <c>2027-01-31T06:00:30+02:00</c>), of RFC 3339. Held as whole seconds since 1970-01-01T00:00:00Z: a fraction of a second
/// (<c>2027-01-31T06:00:30.250Z</c>) is read, and cut.
/// </summary>
public static class InstantText
{
    private const int DayLength = 10;
    private const int SecondsLength = 19;
    private const int OffsetLength = 6;

    private static readonly string[] Formats =
    [
        "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm'Z'", "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mmzzz", "yyyy-MM-dd'T'HH:mm:sszzz",
    ];

    /// <summary>Reads an instant; false where <paramref name="text"/> is none.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out long seconds)
    {
        seconds = 0;
        if (text.Length > DayLength && !HasZone(text))
            return false;
        scoped ReadOnlySpan<char> whole = text;
        if (text.Length > SecondsLength && text[SecondsLength] == '.')
        {
            // The fraction ends where the offset begins.
            ReadOnlySpan<char> offset = text[^(text[^1] == 'Z' ? 1 : OffsetLength)..], fraction = text[(SecondsLength + 1)..^offset.Length];
            if (fraction.IsEmpty || fraction.ContainsAnyExceptInRange('0', '9'))
                return false;
            Span<char> without = stackalloc char[SecondsLength + OffsetLength];
            text[..SecondsLength].CopyTo(without);
            offset.CopyTo(without[SecondsLength..]);
            whole = without[..(SecondsLength + offset.Length)];
        }
        bool isRead = DateTimeOffset.TryParseExact(whole, Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset instant);
        seconds = isRead ? instant.ToUnixTimeSeconds() : 0;
        return isRead;
    }

    /// <summary>The shortest way to write it: the day alone at midnight UTC. One before or after the calendar, which only damaged bytes hold, is written as its first or last.</summary>
    public static string Format(long seconds)
    {
        DateTimeOffset instant = DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(seconds, DateTimeOffset.MinValue.ToUnixTimeSeconds(), DateTimeOffset.MaxValue.ToUnixTimeSeconds()));
        string format = instant.TimeOfDay == TimeSpan.Zero ? Formats[0] : instant.Second == 0 ? Formats[1] : Formats[2];
        return instant.ToString(format, CultureInfo.InvariantCulture);
    }

    /// <summary>Whether a text ends with an offset as RFC 3339 has it, with two digits, a colon and two digits: the library takes others too.</summary>
    private static bool HasZone(ReadOnlySpan<char> text) => text[^1] == 'Z'
        || (text[^OffsetLength..] is ['+' or '-', .. var offset] && offset is [var tens, var ones, ':', var sixth, var minutes]
            && char.IsAsciiDigit(tens) && char.IsAsciiDigit(ones) && char.IsAsciiDigit(sixth) && char.IsAsciiDigit(minutes));
}
