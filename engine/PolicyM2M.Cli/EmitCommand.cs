using System.Collections.Immutable;
using PolicyM2M.Emitters;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Cli;

/// <summary><c>m2m emit</c>: the configuration of a TLS stack for what a policy set decides of a context.</summary>
internal static class EmitCommand
{
    private static readonly ImmutableArray<DecisionKind> Kinds = [DecisionKind.CipherSuites, DecisionKind.Auth];

    /// <summary>Decides, emits, and writes the files or prints them.</summary>
    /// <param name="policies">The folder of the set, or a bundle.</param>
    /// <param name="file">The file of the context.</param>
    /// <param name="stack">The stack.</param>
    /// <param name="options">What it must know besides.</param>
    /// <param name="now">The moment to decide for.</param>
    /// <param name="target">The folder for the files; null where they are printed.</param>
    /// <param name="json">Whether the answer is JSON.</param>
    /// <param name="streams">Where it is written.</param>
    public static int Run(string policies, string file, StackKind stack, EmitterOptions options, DateTimeOffset now, string? target, bool json, Streams streams)
    {
        if (!DeviceContext.TryParseJson(ContextSource.ReadAll(file, streams), out DeviceContext? context, out string? error))
            throw new CannotRunException($"{ContextSource.NameOf(file)}: {error}");
        if (LoadedPolicies.Load(policies, json, streams) is not { } loaded)
            return ExitCode.InvalidPolicy;

        Answer answer = Answer.Of(loaded.Decider, Kinds, context, now);
        Outcome[] outcomes = [.. answer.Decisions.Select(one => one.Decision.Outcome)];
        EmittedConfiguration configuration = Emit(stack, options, outcomes[0], outcomes[1]);
        ImmutableArray<string> removed = target is null ? [] : Write(configuration, target);
        if (json)
            streams.Answers.Write(AsJson(configuration, outcomes, removed) + "\n");
        else
            WriteText(streams.Answers, configuration, outcomes, target, removed);
        return configuration.Refuses || configuration.Fidelity == Fidelity.Infeasible ? ExitCode.Denied : ExitCode.Ok;
    }

    private static EmittedConfiguration Emit(StackKind stack, EmitterOptions options, Outcome channel, Outcome auth)
    {
        try
        {
            return Emitter.Emit(stack, options, channel, auth);
        }
        catch (ArgumentException unfit)
        {
            // Its first line is for people; the parameter's name is not.
            throw new CannotRunException(unfit.ParamName is null ? unfit.Message : unfit.Message.Replace($" (Parameter '{unfit.ParamName}')", "", StringComparison.Ordinal), unfit);
        }
    }

    /// <summary>Writes the files, and removes those of an earlier decision that this one has no more: a stack that includes the folder would go on by them.</summary>
    /// <returns>What was removed.</returns>
    private static ImmutableArray<string> Write(EmittedConfiguration configuration, string target)
    {
        if (!Directory.Exists(target))
            throw new CannotRunException($"there is no folder `{target}`");
        // Whoever made the link leads it where they like, and what is there would be overwritten.
        foreach (string link in configuration.Files.Select(file => Path.Combine(target, file.Name)).Where(path => new FileInfo(path).LinkTarget is not null))
            throw new CannotRunException($"`{link}` is a link, and nothing is written through it: take it away, and have what it leads to link here");
        foreach (EmittedFile file in configuration.Files)
            OutputFile.DemandNoSource(Path.Combine(target, file.Name));
        foreach (EmittedFile file in configuration.Files)
            WholeFile.Write(Path.Combine(target, file.Name), Utf8.Strict.GetBytes(file.Text));
        ImmutableArray<string> stale = [.. configuration.Absent.Select(name => Path.Combine(target, name)).Where(File.Exists)];
        foreach (string file in stale)
            Remove(file);
        return stale;
    }

    private static void Remove(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CannotRunException($"`{file}` holds an earlier decision and cannot be removed: {failure.Message}");
        }
    }

    private static void WriteText(TextWriter text, EmittedConfiguration configuration, Outcome[] outcomes, string? target, ImmutableArray<string> removed)
    {
        text.Write($"{configuration.Stack.Name()}: {Word(configuration.Fidelity)}{(configuration.Refuses ? ", lets nobody through" : "")}\n");
        foreach (Outcome outcome in outcomes.Where(outcome => outcome.IsDenied))
            text.Write($"  {outcome.Kind.Name()} denied: {Printable.Of(outcome.Denial!)}\n");
        foreach (Loss loss in configuration.Losses)
            text.Write($"  {Word(loss.Kind)}: {Printable.Of(loss.ToString())}\n");
        foreach (EmittedFile file in configuration.Files)
            text.Write(target is null ? $"\n== {file.Name}: {file.Use}\n{file.Text}" : $"\n{Path.Combine(target, file.Name)}: {file.Use}\n");
        foreach (string file in removed)
            text.Write($"\n{file}: removed, since it held an earlier decision\n");
    }

    private static string AsJson(EmittedConfiguration configuration, Outcome[] outcomes, ImmutableArray<string> removed) => Json.Write(indented: true, writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("stack", configuration.Stack.Name());
        writer.WriteString("fidelity", Word(configuration.Fidelity));
        writer.WriteBoolean("refuses", configuration.Refuses);
        writer.WriteStartArray("denials");
        foreach (Outcome outcome in outcomes.Where(outcome => outcome.IsDenied))
            writer.WriteStringValue($"{outcome.Kind.Name()}: {outcome.Denial}");
        writer.WriteEndArray();
        writer.WriteStartArray("losses");
        foreach (Loss loss in configuration.Losses)
        {
            writer.WriteStartObject();
            writer.WriteString("field", loss.Field);
            writer.WriteString("kind", Word(loss.Kind));
            writer.WriteString("what", loss.What);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteStartArray("files");
        foreach (EmittedFile file in configuration.Files)
        {
            writer.WriteStartObject();
            writer.WriteString("name", file.Name);
            writer.WriteString("use", file.Use);
            writer.WriteString("text", file.Text);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteStartArray("removed");
        foreach (string file in removed)
            writer.WriteStringValue(file);
        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    private static string Word<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}
