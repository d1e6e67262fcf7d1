using System.Diagnostics.CodeAnalysis;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Cli;

/// <summary>Reads contexts from a file or, where it is called <c>-</c>, from standard input.</summary>
internal static class ContextSource
{
    /// <summary>A context has tens of attributes; a longer line or file is no context, and is not kept in memory.</summary>
    internal const int LongestLine = 1 << 20;

    public const string StandardInput = "-";

    /// <summary>How the source is called in messages.</summary>
    public static string NameOf(string file) => file == StandardInput ? "standard input" : file;

    /// <summary>Whoever sends no context will have meant to send some: to have decided nothing is no success.</summary>
    public static CannotRunException Empty(string file) => new($"{NameOf(file)} holds no context; expected one JSON object on each line");

    /// <summary>The whole content.</summary>
    /// <exception cref="CannotRunException">It cannot be read, is longer than any context, or is not UTF-8.</exception>
    public static string ReadAll(string file, Streams streams)
    {
        using Stream stream = Open(file, streams);
        using var bytes = new MemoryStream();
        byte[] chunk = new byte[64 * 1024];
        try
        {
            for (int read = stream.Read(chunk); read > 0; read = stream.Read(chunk))
            {
                if (bytes.Length + read > LongestLine)
                    throw new CannotRunException($"{NameOf(file)} is longer than {LongestLine} bytes, and no context is");
                bytes.Write(chunk, 0, read);
            }
        }
        catch (IOException failure)
        {
            throw Unreadable(file, failure);
        }
        return Utf8.Decode(bytes.GetBuffer().AsSpan(0, (int)bytes.Length), NameOf(file));
    }

    /// <summary>The lines, each as its bytes without the line end; null for one that is longer than any context. Nothing follows the last line end.</summary>
    public static IEnumerable<byte[]?> ReadLines(string file, Streams streams)
    {
        using Stream stream = new BufferedStream(Open(file, streams), 64 * 1024);
        var line = new List<byte>();
        bool tooLong = false;
        for (int next = Next(); next >= 0; next = Next())
        {
            if (next != '\n')
            {
                if (line.Count < LongestLine)
                    line.Add((byte)next);
                else
                    tooLong = true;
                continue;
            }
            yield return tooLong ? null : [.. line];
            line.Clear();
            tooLong = false;
        }
        if (tooLong || line.Count > 0)
            yield return tooLong ? null : [.. line];

        int Next()
        {
            try
            {
                return stream.ReadByte();
            }
            catch (IOException failure)
            {
                throw Unreadable(file, failure);
            }
        }
    }

    /// <summary>Whether a line holds nothing but white space: it is passed over.</summary>
    public static bool IsBlank(byte[]? line) => line is not null && line.AsSpan().TrimStart(" \t\r"u8).IsEmpty;

    /// <summary>Reads a line as a context; where it is none, <paramref name="error"/> says why.</summary>
    public static bool TryParse(byte[]? line, [NotNullWhen(true)] out DeviceContext? context, [NotNullWhen(false)] out string? error)
    {
        context = null;
        if (line is null)
        {
            error = $"longer than {LongestLine} bytes";
            return false;
        }
        try
        {
            return DeviceContext.TryParseJson(Utf8.Decode(line, "the line"), out context, out error);
        }
        catch (CannotRunException notText)
        {
            error = notText.Message;
            return false;
        }
    }

    private static Stream Open(string file, Streams streams)
    {
        if (file == StandardInput)
            return streams.Input;
        if (file.Length == 0)
            throw new CannotRunException("the name of the file of contexts is empty");
        if (Directory.Exists(file))
            throw new CannotRunException($"`{file}` is a folder, and a file is expected");
        try
        {
            return File.OpenRead(file);
        }
        catch (Exception failure) when (FileFault.IsOfFiles(failure))
        {
            throw File.Exists(file) ? Unreadable(file, failure) : new CannotRunException($"there is no file `{file}`", failure);
        }
    }

    private static CannotRunException Unreadable(string file, Exception failure) =>
        new($"{(file == StandardInput ? NameOf(file) : $"`{file}`")} cannot be read: {FileFault.Of(failure)}", failure);
}
