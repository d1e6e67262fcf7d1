using System.Collections.Immutable;
using PolicyM2M.Emitters.Planning;
using PolicyM2M.Emitters.Stacks;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Emitters;

/// <summary>
/// Turns a decision into the configuration of a TLS stack. What is emitted is never looser than the decision: what a stack cannot do is left out and said, and where leaving
/// out is not enough, only what lets nobody through is emitted. The same decision and options give the same bytes. Safe for all threads.
/// </summary>
public static class Emitter
{
    /// <summary>The configuration of a stack for a decision; a denial becomes one that lets no connection through.</summary>
    /// <param name="stack">The stack.</param>
    /// <param name="options">What it must know besides.</param>
    /// <param name="channel">The outcome of a decision on cipher suites.</param>
    /// <param name="auth">The outcome of a decision on authentication; null where none is asked for.</param>
    /// <exception cref="ArgumentException">
    /// An outcome is of another kind or names what no registry has; or a path or name is missing that the role needs, or has characters that no format takes as they are.
    /// </exception>
    public static EmittedConfiguration Emit(StackKind stack, EmitterOptions options, Outcome channel, Outcome? auth = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(channel);
        CheckKind(channel, DecisionKind.CipherSuites, nameof(channel));
        if (auth is not null)
            CheckKind(auth, DecisionKind.Auth, nameof(auth));
        OptionCheck.Throw(stack, options);

        IStack emitter = StackOf(stack);
        if (channel.IsDenied || auth is { IsDenied: true })
            return Refuse(stack, emitter, options, channel.Denial ?? auth!.Denial!, []);
        CheckNames(channel);
        (ChannelPlan? plan, ImmutableArray<Loss> losses) = ChannelPlanner.Plan(channel, auth, options, emitter.Ability(options));
        return plan is not null
            ? With(emitter.Emit(plan, options), emitter, options, new EmittedConfiguration(stack, [], Refuses: false, losses))
            : Refuse(stack, emitter, options, $"{stack.Name()} cannot do what is decided: {string.Join("; ", losses.Where(loss => loss.Kind == LossKind.Unenforceable))}", losses);
    }

    /// <summary>The files with which nobody gets through: those of an earlier decision must not stay in force.</summary>
    private static EmittedConfiguration Refuse(StackKind stack, IStack emitter, EmitterOptions options, string reason, ImmutableArray<Loss> losses)
    {
        ImmutableArray<EmittedFile> files = emitter.Refuse(options, reason);
        if (files.IsEmpty)
            losses = losses.Add(new Loss(Field.Versions.Name, LossKind.Unenforceable, $"{emitter.Ability(options).Stack} has no setting that refuses every connection: take the channel away"));
        return With(files, emitter, options, new EmittedConfiguration(stack, [], Refuses: !files.IsEmpty, losses));
    }

    /// <summary>The file of OpenSSL stays whatever becomes of this channel: it holds for all of a process, and where it is missing OpenSSL goes by its defaults without a word.</summary>
    private static EmittedConfiguration With(ImmutableArray<EmittedFile> files, IStack emitter, EmitterOptions options, EmittedConfiguration configuration) =>
        configuration with { Files = files, Absent = emitter.FileNames(options).RemoveAll(name => name == OpenSslConfig.FileName || files.Any(file => file.Name == name)) };

    private static IStack StackOf(StackKind stack) => stack switch
    {
        StackKind.OpenSsl => new OpenSslStack(),
        StackKind.Mosquitto => new MosquittoStack(),
        StackKind.Nginx => new NginxStack(),
        StackKind.Envoy => new EnvoyStack(),
        StackKind.MbedTls => new MbedTlsStack(),
        StackKind.LwM2m => new LwM2mStack(),
        _ => throw new ArgumentOutOfRangeException(nameof(stack), stack, "not a stack"),
    };

    private static void CheckKind(Outcome outcome, DecisionKind kind, string parameter)
    {
        if (outcome.Kind != kind)
            throw new ArgumentException($"an outcome of {outcome.Kind.Name()} stands where one of {kind.Name()} is expected", parameter);
    }

    private static void CheckNames(Outcome channel)
    {
        foreach ((Field field, FieldValue value) in channel.Values)
        {
            if (value is FieldValue.Names names && field.Shape is FieldShape.NameList { CodePoints: { } known } list
                && names.Items.FirstOrDefault(name => !known.ContainsKey(name)) is { } unknown)
                throw new ArgumentException($"there is no {list.What} `{unknown}`", nameof(channel));
        }
    }
}
