using System.Text;

namespace PolicyM2M.Agent.Configuration;

/// <summary>Reads what the configuration says of the socket.</summary>
internal static class SocketReading
{
    /// <summary>The kernel's room for the path of a socket, less the byte that ends it (unix(7)).</summary>
    private const int LongestPath = 107;

    private const UnixFileMode Usual = (UnixFileMode)0b110_110_000, Owner = (UnixFileMode)0b110_000_000, Everybody = (UnixFileMode)0b110_110_110;

    /// <summary>Nine bits; those above give programs the rights of their owner, and mean nothing of a socket.</summary>
    private const int LargestMode = 0b111_111_111;

    public static LocalSocket Socket(JsonReading json)
    {
        string path = json.FullPath("path");
        if (Encoding.UTF8.GetByteCount(path) > LongestPath)
            json.Fault("path", $"the path of a socket has at most {LongestPath} bytes");
        return new LocalSocket(path, Mode(json));
    }

    private static UnixFileMode Mode(JsonReading json)
    {
        if (json.OptionalText("mode") is not { } text)
            return Usual;
        int bits = text.All(digit => digit is >= '0' and <= '7') && text.Length is 3 or 4 ? text.Aggregate(0, (sum, digit) => sum * 8 + (digit - '0')) : -1;
        var mode = (UnixFileMode)(bits & (int)Everybody);
        if (bits < 0)
            json.Fault("mode", "expected octal digits, such as 660");
        else if (bits > LargestMode)
            json.Fault("mode", $"{text} has bits that no socket has: write 660, or 666 for everybody; who may ask, `callers` says all the same");
        else if ((mode & Owner) != Owner)
            json.Fault("mode", $"{text} keeps the agent's own user out, to whom `status` and `doctor` speak: write 600, or 660 with its group");
        else
            return mode;
        return Usual;
    }
}
