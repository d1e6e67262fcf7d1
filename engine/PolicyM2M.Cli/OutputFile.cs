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
        DemandNoSource(Path);
    }

    /// <summary>Refuses what a policy set is read from, and its tests: a slip must not cost anybody a policy, or a context that somebody wrote.</summary>
    /// <exception cref="CannotRunException">It is such a file.</exception>
    public static void DemandNoSource(string path)
    {
        foreach (string file in new[] { path, FinalTarget(path) })
        {
            string name = System.IO.Path.GetFileName(file);
            if (SourceNames.IsSource(name) || SourceNames.IsTest(name))
                throw new CannotRunException($"{path} has the name of a source of policies, which no output may replace; name another file");
            if (TestFolder.IsContext(name) && File.Exists(file) && SetOf(file) is { } set)
                throw new CannotRunException($"{path} is a context that the tests of the policy set `{set}` may name, which no output may replace; name another file");
        }
    }

    /// <summary>Where a file that is a link leads in the end: to write to the link writes there.</summary>
    private static string FinalTarget(string path)
    {
        try
        {
            return new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path;
        }
        catch (IOException)
        {
            // It leads in a circle, or nowhere: to write there fails.
            return path;
        }
    }

    /// <summary>The folder of the policy set whose files a file is among, in whatever folder of it; null where there is none. What lies in a folder that begins with a dot is no file of a set.</summary>
    private static string? SetOf(string file)
    {
        for (DirectoryInfo? folder = Directory.GetParent(System.IO.Path.GetFullPath(file)); folder is not null && !folder.Name.StartsWith('.'); folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, PolicyFolder.Manifest)))
                return System.IO.Path.GetRelativePath(Directory.GetCurrentDirectory(), folder.FullName);
        }
        return null;
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
