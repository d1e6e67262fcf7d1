using Microsoft.Win32.SafeHandles;

namespace PolicyM2M.Cli;

/// <summary>Where a command reads and writes: answers go to one stream, complaints to the other.</summary>
/// <param name="Input">Standard input, as bytes.</param>
/// <param name="Output">Standard output, as bytes.</param>
/// <param name="Answers">Standard output, as text.</param>
/// <param name="AnswerColours">The colours that standard output may have.</param>
/// <param name="Errors">Standard error.</param>
/// <param name="ErrorColours">The colours that standard error may have.</param>
internal sealed record Streams(Stream Input, Stream Output, TextWriter Answers, Palette AnswerColours, TextWriter Errors, Palette ErrorColours)
{
    /// <summary>Those of the process, in UTF-8 whatever the locale. Answers are buffered until they are flushed.</summary>
    public static Streams OfProcess()
    {
        Stream output = OpenOutput();
        return new Streams(
            Console.OpenStandardInput(),
            output,
            new StreamWriter(output, Utf8.Strict, bufferSize: 64 * 1024),
            Palette.For(Console.IsOutputRedirected),
            new StreamWriter(Console.OpenStandardError(), Utf8.Strict) { AutoFlush = true },
            Palette.For(Console.IsErrorRedirected));
    }

    /// <summary>
    /// The console's own stream says nothing when whoever read a pipe has gone, as `head` does, and a command that reads without end would never end either: a pipe is
    /// written as a file, which fails. Anything else stays with the console's, which shares its place with standard error.
    /// </summary>
    private static Stream OpenOutput()
    {
        if (!OperatingSystem.IsWindows() && Console.IsOutputRedirected)
        {
            var output = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            if (!output.CanSeek)
                return output;
        }
        return Console.OpenStandardOutput();
    }
}
