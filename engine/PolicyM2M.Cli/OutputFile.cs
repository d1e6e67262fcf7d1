using PolicyM2M.Compiler;

namespace PolicyM2M.Cli;

/// <summary>Where a command puts what it was asked to make: a file, or standard output where that is called <c>-</c>.</summary>
/// <param name="Path">The file as the user named it.</param>
internal sealed record OutputFile(string Path)
{
    /// <summary>Whether it is standard output. What else the command says then goes to standard error.</summary>
    public bool IsStandardOutput => Path == "-";

    /// <summary>Refuses what cannot be written, before the work that would be lost.</summary>
    /// <param name="isText">Whether a terminal can show it.</param>
    /// <param name="json">Whether the answer is JSON, which goes to standard output too.</param>
    /// <exception cref="CannotRunException">It cannot be written there.</exception>
    public void Demand(bool isText, bool json)
    {
        if (Path.Length == 0)
            throw new CannotRunException("the name of the file to write is empty");
        if (IsStandardOutput && json)
            throw new CannotRunException("`-` is standard output, to which --json writes too; name a file");
        if (IsStandardOutput && !isText && !Console.IsOutputRedirected)
            throw new CannotRunException("what is made here is no text, and a terminal cannot show it; name a file, or send standard output to one");
        if (Directory.Exists(Path))
            throw new CannotRunException($"`{Path}` is a folder; expected the name of the file to write");
        // A slip must not cost anybody a policy.
        string name = System.IO.Path.GetFileName(Path);
        if (SourceNames.IsSource(name) || name.EndsWith(Compiler.PolicyTests.PolicyTestRun.TestExtension, StringComparison.Ordinal))
            throw new CannotRunException($"{Path} has the name of a source of policies, which no output may replace; name another file");
    }

    /// <summary>Writes all of it.</summary>
    /// <exception cref="CannotRunException">It cannot be written; what was there is still there.</exception>
    public void Write(ReadOnlySpan<byte> bytes, Streams streams)
    {
        if (!IsStandardOutput)
        {
            WholeFile.Write(Path, bytes);
            return;
        }
        streams.Answers.Flush();
        streams.Output.Write(bytes);
        streams.Output.Flush();
    }

    /// <summary>Where the command tells what it did.</summary>
    public (TextWriter Writer, Palette Colours) Report(Streams streams) => IsStandardOutput ? (streams.Errors, streams.ErrorColours) : (streams.Answers, streams.AnswerColours);
}
