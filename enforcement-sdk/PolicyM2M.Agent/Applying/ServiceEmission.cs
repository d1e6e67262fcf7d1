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
    public static Emission Of(ManagedService service, ImmutableArray<DeviceDecision> decisions)
    {
        Outcome channel = Of(DecisionKind.CipherSuites, decisions), auth = Of(DecisionKind.Auth, decisions);
        EmittedConfiguration emitted = Emitter.Emit(service.Stack, service.Options, channel, auth);
        string losses = string.Join("; ", emitted.Losses);
        // Only what must be mended, and not what else is lost: whoever reads it looks for what to do.
        string lacking = string.Join("; ", emitted.Losses.Where(loss => loss.Kind == LossKind.Unenforceable));
        string? refusal = channel.Denial ?? auth.Denial ?? (emitted.Fidelity == Fidelity.Infeasible ? $"{service.Stack.Name()} cannot do what is decided: {lacking}" : null);
        return new Emission(emitted.Files.ToImmutableSortedDictionary(file => file.Name, file => file.Text, StringComparer.Ordinal), emitted.Absent, refusal, losses);
    }

    private static Outcome Of(DecisionKind kind, ImmutableArray<DeviceDecision> decisions) => decisions.First(decision => decision.Kind == kind).Outcome;
}
