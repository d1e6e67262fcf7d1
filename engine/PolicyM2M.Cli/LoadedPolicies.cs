using PolicyM2M.Audit.Storage;
using PolicyM2M.Compiler;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;

namespace PolicyM2M.Cli;

/// <summary>Policies ready to answer: a folder that was compiled just now, or a bundle that was compiled before.</summary>
/// <param name="Decider">Answers from them.</param>
/// <param name="Bytes">The bundle.</param>
/// <param name="Sources">The folder's files; null where a bundle was given.</param>
internal sealed record LoadedPolicies(Decider Decider, ReadOnlyMemory<byte> Bytes, IReadOnlyList<SourceFile>? Sources)
{
    /// <summary>Reads a folder or a bundle; null, and its faults reported, where the folder is no valid policy set.</summary>
    /// <param name="path">The folder or the file.</param>
    /// <param name="json">Whether faults are reported as JSON, among the answers.</param>
    /// <param name="streams">Where they are reported.</param>
    /// <exception cref="CannotRunException">There is neither, or it cannot be read, or the file is no bundle.</exception>
    public static LoadedPolicies? Load(string path, bool json, Streams streams) => File.Exists(path) ? OfBundle(path)
        : Directory.Exists(path) ? OfFolder(path, json, streams)
        : throw NotThere(path);

    /// <summary>Nothing has the name of the policies.</summary>
    public static CannotRunException NotThere(string path) => new($"there is no folder `{path}`, and no bundle of that name");

    /// <summary>Compiles a folder; null, and its faults reported, where it is no valid policy set.</summary>
    public static LoadedPolicies? OfFolder(string folder, bool json, Streams streams)
    {
        IReadOnlyList<SourceFile> sources = PolicyFolder.Read(folder);
        Compilation compilation = PolicyCompiler.Compile(sources);
        if (compilation.Bundle is { } bundle)
            return new LoadedPolicies(new Decider(bundle), compilation.Bytes, sources);
        if (json)
        {
            streams.Answers.Write(CheckCommand.AsJson(compilation) + "\n");
            return null;
        }
        DiagnosticReport.Write(streams.Errors, streams.ErrorColours, compilation.Diagnostics, sources);
        streams.Errors.Write($"m2m: `{folder}` is no valid policy set: {DiagnosticReport.Summary(compilation.Diagnostics)}\n");
        return null;
    }

    /// <summary>Reads a bundle.</summary>
    /// <exception cref="CannotRunException">It cannot be read, or is no bundle.</exception>
    public static LoadedPolicies OfBundle(string file)
    {
        byte[] bytes = FileFault.Reading(file, () => OrdinaryFile.Read(file, Array.MaxLength));
        try
        {
            return new LoadedPolicies(new Decider(Bundle.Read(bytes)), bytes, Sources: null);
        }
        catch (InvalidDataException damage)
        {
            throw new CannotRunException($"{file}: {damage.Message}; expected a bundle as `m2m compile` writes it, or the folder of a policy set", damage);
        }
    }
}
