using PolicyM2M.Compiler;

namespace PolicyM2M.Cli;

/// <summary><c>m2m fmt</c>: prints policies canonically, in place or in the other spelling.</summary>
internal static class FmtCommand
{
    /// <summary>What to do with what was printed.</summary>
    internal enum Mode
    {
        /// <summary>Write it into its file.</summary>
        Write,

        /// <summary>Say which files differ from it.</summary>
        Check,

        /// <summary>Print it.</summary>
        Print,
    }

    public static int Run(IReadOnlyList<string> paths, Mode mode, PolicySpelling? to, bool json, Streams streams)
    {
        IReadOnlyList<PolicyFile> files = [.. paths.SelectMany(PolicyFile.Below).DistinctBy(file => file.FullPath)];
        var formatted = files.Select(file => (File: file, Source: file.Read())).Select(read => (read.File, read.Source,
            Policy: PolicyFormatter.Format(read.Source, to ?? PolicyFormatter.SpellingOf(read.File.Path)!.Value))).ToList();

        // All files are read before the first is written: one that cannot be read or written leaves the others as they were.
        var changes = formatted.Where(file => file.Policy.Text is not null)
            .Select(file => new FormattedFile(file.File, file.File.In(to), file.Source.Text, file.Policy.Text!)).ToList();
        if (to is not null && mode == Mode.Write)
            RefuseToOverwrite(changes);
        var diagnostics = formatted.SelectMany(file => file.Policy.Diagnostics).ToList();
        int changed = 0;
        foreach (FormattedFile change in changes)
        {
            if (mode == Mode.Print)
                streams.Answers.Write(change.After);
            else if (!change.IsSame)
            {
                changed++;
                if (mode == Mode.Write)
                    change.Target.Write(change.After);
                if (!json)
                {
                    string what = mode == Mode.Check ? streams.AnswerColours.Warn("not formatted") : streams.AnswerColours.Good(to is null ? "formatted" : "written");
                    streams.Answers.Write($"{what}: {Printable.Of(change.Target.Path)}\n");
                    if (mode == Mode.Write && change.Target != change.File)
                        WriteMentions(change, streams);
                }
            }
        }
        if (json)
            streams.Answers.Write(FmtJson.Of(changes, diagnostics) + "\n");
        else
        {
            (TextWriter writer, Palette palette) = mode == Mode.Print ? (streams.Errors, streams.ErrorColours) : (streams.Answers, streams.AnswerColours);
            DiagnosticReport.Write(writer, palette, diagnostics, [.. formatted.Select(file => file.Source)]);
        }
        if (!json && mode != Mode.Print)
            streams.Answers.Write($"{DiagnosticReport.Count(files.Count, "policy")}: {Summary(mode, changed, files.Count - changes.Count)}\n");
        return changes.Count < files.Count ? ExitCode.InvalidPolicy : mode == Mode.Check && changed > 0 ? ExitCode.NotAsExpected : ExitCode.Ok;
    }

    /// <summary>A conversion leaves the old file where it is, and those who name it: until they name the new one, the old one is what counts.</summary>
    private static void WriteMentions(FormattedFile change, Streams streams)
    {
        foreach ((string manifest, int line) in ManifestMentions.Of(change.File))
            streams.Answers.Write($"  {Printable.Of($"{manifest}:{line} names {Path.GetFileName(change.File.Path)}")}: name {Printable.Of(Path.GetFileName(change.Target.Path))} there, and remove the other\n");
    }

    private static string Summary(Mode mode, int changed, int unreadable)
    {
        string done = changed == 0 ? "nothing to do" : mode == Mode.Check ? $"{changed} not formatted" : $"{changed} written";
        return unreadable == 0 ? done : $"{done}, {unreadable} with errors and left as {(unreadable == 1 ? "it was" : "they were")}";
    }

    /// <summary>A conversion makes a new file; a file that is there was written by somebody, and stays.</summary>
    private static void RefuseToOverwrite(IEnumerable<FormattedFile> changes)
    {
        if (changes.FirstOrDefault(change => change.Target != change.File && File.Exists(change.Target.FullPath)
            && Utf8.Decode(File.ReadAllBytes(change.Target.FullPath), change.Target.Path) != change.After) is { } change)
            throw new CannotRunException($"{change.Target.Path} exists already, and says something else than {change.File.Path}; remove one of the two, or print with --stdout");
    }
}
