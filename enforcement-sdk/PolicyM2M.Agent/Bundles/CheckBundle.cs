using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Agent.Bundles;

/// <summary>
/// Decides a file of contexts from a bundle, and writes what makes two machines comparable: first what it names of the registries, then for each line
/// the SHA-256 of its decisions, rules and regions, and last that of the whole.
/// </summary>
internal static class CheckBundle
{
    /// <exception cref="CannotRunException">A file cannot be used.</exception>
    public static int Run(string bundlePath, string contextsPath, DateTimeOffset now, TextWriter output)
    {
        var decider = new Decider(Read(bundlePath));
        output.Write($"registry {decider.Bundle.Registry}\n");
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        int line = 0;
        foreach (string json in File.ReadLines(contextsPath))
        {
            line++;
            if (!DeviceContext.TryParseJson(json, out DeviceContext? context, out string? error))
                throw new CannotRunException($"`{contextsPath}`, line {line}: {error}");
            byte[] answers = Encoding.UTF8.GetBytes(Answers(decider, context, now));
            whole.AppendData(answers);
            output.Write($"{line} {Convert.ToHexStringLower(SHA256.HashData(answers))}\n");
        }
        output.Write($"{decider.Bundle.Hash} {line.ToString(CultureInfo.InvariantCulture)} {Convert.ToHexStringLower(whole.GetHashAndReset())}\n");
        return ExitCode.Ok;
    }

    /// <summary>All that the engine says of one context, as text.</summary>
    internal static string Answers(Decider decider, DeviceContext context, DateTimeOffset now)
    {
        PreparedContext prepared = decider.Prepare(context);
        var path = new DecisionPath();
        var text = new StringBuilder();
        foreach (DecisionKind kind in DecisionKinds.All)
        {
            Decision decision = decider.Decide(kind, prepared, now, path);
            text.Append(CultureInfo.InvariantCulture, $"{kind.Name()} {decision.Outcome} by {string.Join(", ", decision.Rules)} where {path.Region()}\n");
        }
        return text.ToString();
    }

    private static Bundle Read(string path)
    {
        try
        {
            return Bundle.Read(File.ReadAllBytes(path));
        }
        catch (InvalidDataException damaged)
        {
            throw new CannotRunException($"`{path}` is no bundle: {damaged.Message}");
        }
    }
}
