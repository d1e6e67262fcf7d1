using System.Collections.Immutable;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Emitters;
using PolicyM2M.Enforcement;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Agent.Applying;

/// <summary>What the gateway's decisions come to for one service.</summary>
internal static class ServiceEmission
{
    /// <param name="service">The service.</param>
    /// <param name="decisions">The decisions.</param>
    /// <param name="lists">The revocation lists that it is given; null where nobody looks at them.</param>
    public static Emission Of(ManagedService service, ImmutableArray<DeviceDecision> decisions, ServiceLists? lists = null)
    {
        Outcome channel = Of(DecisionKind.CipherSuites, decisions), auth = Of(DecisionKind.Auth, decisions);
        EmitterOptions options = lists is { HoldsAge: true } ? service.Options with { HeldElsewhere = service.Options.HeldElsewhere.Add(Field.RevocationWithin.Name) } : service.Options;
        EmittedConfiguration emitted = Emitter.Emit(service.Stack, options, channel, auth);
        string losses = string.Join("; ", emitted.Losses);
        // Only what must be mended, and not what else is lost: whoever reads it looks for what to do.
        string lacking = string.Join("; ", emitted.Losses.Where(loss => loss.Kind == LossKind.Unenforceable));
        string? refusal = channel.Denial ?? auth.Denial ?? (emitted.Fidelity == Fidelity.Infeasible ? $"{service.Stack.Name()} cannot do what is decided: {lacking}" : null);
        (string Text, bool Ends)? fault = refusal is null ? lists?.Fault(auth) : null;
        if (fault is { Ends: true } end)
        {
            refusal = end.Text;
            emitted = Emitter.Emit(service.Stack, options, Outcome.Deny(DecisionKind.CipherSuites, refusal));
        }
        return new Emission(emitted.Files.ToImmutableSortedDictionary(file => file.Name, file => file.Text, StringComparer.Ordinal), emitted.Absent, refusal, losses) { Fault = fault?.Text };
    }

    /// <summary>Whether they let nothing run, whatever the service is.</summary>
    public static bool IsDenied(ImmutableArray<DeviceDecision> decisions) => (Of(DecisionKind.CipherSuites, decisions).Denial ?? Of(DecisionKind.Auth, decisions).Denial) is not null;

    private static Outcome Of(DecisionKind kind, ImmutableArray<DeviceDecision> decisions) => decisions.First(decision => decision.Kind == kind).Outcome;
}
