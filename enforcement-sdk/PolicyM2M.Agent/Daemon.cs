using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Local;
using PolicyM2M.Agent.Status;
using PolicyM2M.Enforcement;

namespace PolicyM2M.Agent;

/// <summary>The daemon of a gateway, from top to bottom: asks and keeps, answers local programs, and brings services to what is decided.</summary>
internal static class Daemon
{
    /// <summary>Runs until it is told to end.</summary>
    /// <exception cref="CannotRunException">It cannot start.</exception>
    public static async Task<int> RunAsync(AgentConfiguration configuration, TimeProvider time, TextWriter log, CancellationToken ending)
    {
        SocketFile.MakeWay(configuration.Socket.Path);
        var loop = new DecisionLoop(time, configuration.Interval);
        var seen = new Sightings(new AgentStatus { Pdp = configuration.Pdp, StartedAt = time.GetUtcNow() }, time, log);
        await using Gateway gateway = Gateway.Connect(Options(configuration, time) with
        {
            OnEvent = happened =>
            {
                seen.Client(happened);
                loop.Hear(happened);
            },
        }, configuration.Claims);
        seen.Credential(gateway.DeviceId, CertificateTimes.Until(configuration.Certificate));
        var rules = new CallerRules(configuration.Callers, gateway.Name, SystemAccounts.Own());
        await using WebApplication local = LocalServer.Build(configuration.Socket, new LocalEndpoint(gateway, rules, seen, ending), gateway, rules, seen);
        await local.StartAsync(ending);
        File.SetUnixFileMode(configuration.Socket.Path, configuration.Socket.Mode);
        Systemd.Ready();
        log.Write($"{gateway.DeviceId} answers on {configuration.Socket.Path}\n");
        log.Flush();
        try
        {
            await loop.RunAsync(gateway.DecideAsync, Follow, ending);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // It was told to end.
        }
        Systemd.Stopping();
        return ExitCode.Ok;

        ValueTask<bool> Follow(ImmutableArray<DeviceDecision> decisions)
        {
            seen.Decided(decisions);
            return ValueTask.FromResult(true);
        }
    }

    /// <summary>How the client reaches the decision point.</summary>
    internal static PolicyClientOptions Options(AgentConfiguration configuration, TimeProvider time) => new()
    {
        Endpoint = configuration.Pdp[0],
        FurtherEndpoints = [.. configuration.Pdp.Skip(1)],
        Mode = configuration.Mode,
        CertificatePath = configuration.Certificate,
        KeyPath = configuration.Key,
        TrustPath = configuration.Trust,
        CachePath = Path.Combine(configuration.State, "decisions.m2mc"),
        CacheKeyPath = Path.Combine(configuration.State, "cache-key"),
        Time = time,
    };
}
