namespace PolicyM2M.Cli;

/// <summary>Where a command reads and writes: answers go to one stream, complaints to the other.</summary>
/// <param name="Input">Standard input, as bytes.</param>
/// <param name="Answers">Standard output.</param>
/// <param name="AnswerColours">The colours that standard output may have.</param>
/// <param name="Errors">Standard error.</param>
/// <param name="ErrorColours">The colours that standard error may have.</param>
internal sealed record Streams(Stream Input, TextWriter Answers, Palette AnswerColours, TextWriter Errors, Palette ErrorColours)
{
    /// <summary>Those of the process, in UTF-8 whatever the locale. Answers are buffered until they are flushed.</summary>
    public static Streams OfProcess() => new(
        Console.OpenStandardInput(),
        new StreamWriter(Console.OpenStandardOutput(), Utf8.Strict, bufferSize: 64 * 1024),
        Palette.For(Console.IsOutputRedirected),
        new StreamWriter(Console.OpenStandardError(), Utf8.Strict) { AutoFlush = true },
        Palette.For(Console.IsErrorRedirected));
}
