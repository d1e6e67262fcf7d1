using PolicyM2M.Compiler;

namespace PolicyM2M.Cli;

/// <summary>A policy on the disk that is to be formatted.</summary>
/// <param name="Path">The path as the user gave it, or that of the folder with the rest appended; with <c>/</c> between folders.</param>
internal sealed record PolicyFile(string Path)
{
    public string FullPath { get; } = System.IO.Path.GetFullPath(Path);

    /// <summary>A policy, or all policies of a folder and the folders below it, in ordinal order.</summary>
    public static IEnumerable<PolicyFile> Below(string path)
    {
        if (File.Exists(path))
            return PolicyFormatter.SpellingOf(path) is null ? throw new CannotRunException($"{path} is no policy: its name ends neither in .m2m nor in .m2m.yaml") : [new PolicyFile(path)];
        if (!Directory.Exists(path))
            throw new CannotRunException(PolicyFormatter.SpellingOf(path) is null ? $"there is no folder `{path}`, and no file of that name" : $"there is no file `{path}`");
        string folder = path.Length > 1 ? path.TrimEnd('/') : path;
        PolicyFile[] policies = [.. PolicyFolder.Read(path).Where(file => PolicyFormatter.SpellingOf(file.Path) is not null)
            .Select(file => new PolicyFile(folder == "." ? file.Path : $"{folder.TrimEnd('/')}/{file.Path}"))];
        return policies.Length > 0 ? policies : throw new CannotRunException($"`{path}` holds no policy: their names end in .m2m or .m2m.yaml");
    }

    /// <summary>The file of the other spelling beside this one, or this one where it has that spelling.</summary>
    public PolicyFile In(PolicySpelling? spelling) => spelling is null || spelling == PolicyFormatter.SpellingOf(Path) ? this : new PolicyFile(PolicyFormatter.PathIn(spelling.Value, Path));

    public SourceFile Read()
    {
        var file = new FileInfo(FullPath);
        if (file.LinkTarget is not null)
            throw new CannotRunException($"{Path} is a symbolic link, and no policy of a set is one; put the file itself there");
        return new SourceFile(Path, Utf8.Decode(FileFault.Reading(Path, () => RegularFile.ReadAllBytes(file)), Path));
    }

    public void Write(string text) => WholeFile.Write(Path, Utf8.Strict.GetBytes(text));
}

/// <summary>A policy and what it was printed as.</summary>
/// <param name="File">The policy.</param>
/// <param name="Target">Where the printed text belongs.</param>
/// <param name="Before">The policy's text.</param>
/// <param name="After">The printed text.</param>
internal sealed record FormattedFile(PolicyFile File, PolicyFile Target, string Before, string After)
{
    /// <summary>Whether there is nothing to write.</summary>
    public bool IsSame => Target == File ? Before == After : System.IO.File.Exists(Target.FullPath);
}
