using System.Collections.Immutable;
using PolicyM2M.Agent.Applying;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Local;
using PolicyM2M.Agent.Renewing;
using PolicyM2M.Agent.Status;
using PolicyM2M.Enforcement;
using PolicyM2M.Enforcement.Attributes;

namespace PolicyM2M.Agent;

/// <summary>The daemon of a gateway, from top to bottom: asks and keeps, answers local programs, and brings services to what is decided.</summary>
internal static class Daemon
{
    /// <summary>Runs until it is told to end.</summary>
    /// <exception cref="CannotRunException">It cannot start.</exception>
    public static async Task<int> RunAsync(AgentConfiguration configuration, TimeProvider time, TextWriter log, CancellationToken ending)
    {
        try
        {
            return await ServeAsync(configuration, time, log, ending);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // Told to end while it started.
            return ExitCode.Ok;
        }
    }

    private static async Task<int> ServeAsync(AgentConfiguration configuration, TimeProvider time, TextWriter log, CancellationToken ending)
    {
        using FileStream held = StateLock.Take(configuration.State);
        CacheKeyFile.MakeWay(configuration);
        SocketFile.MakeWay(configuration.Socket.Path);
        var loop = new DecisionLoop(configuration.Interval);
        var seen = new Sightings(new AgentStatus { Pdp = configuration.Pdp, StartedAt = time.GetUtcNow() }, time, log);
        PolicyClientOptions options = Options(configuration, time);
        using OwnCredential? own = configuration.Renewal is { } renewal ? OwnCredential.Open(configuration, renewal, Gateway.NameOf(DeviceIdOf(configuration, options)), seen, time) : null;
        if (own is not null)
            options = options with { CertificatePath = own.CertificatePath, KeyPath = own.KeyPath };
        ReplacedCredential? replaced = own is null ? new ReplacedCredential(configuration, seen, time) : null;
        OwnClaims claims = ClaimsOf(configuration, seen, time);
        options = options with
        {
            OnEvent = happened =>
            {
                seen.Client(happened);
                loop.Hear(happened);
            },
        };
        await using Gateway gateway = ProcessHeap.Fill(StateFiles.StoredBytes(configuration), () => Gateway.Connect(options, claims));
        seen.Credential(gateway.DeviceId, CertificateFile.Until(options.CertificatePath));
        var rules = new CallerRules(configuration.Callers, gateway.Name, SystemAccounts.Own());
        await using LocalServer local = await LocalServer.StartAsync(configuration.Socket, gateway, rules, seen, ConnectionLimits.Usual, ending);
        Systemd.Ready();
        log.Write($"{gateway.DeviceId} answers on {configuration.Socket.Path}\n");
        log.Flush();

        var services = ServiceFollowers.Of(configuration, seen, () => gateway.Now);
        using var whole = CancellationTokenSource.CreateLinkedTokenSource(ending);
        Task renewing = own?.RunAsync(gateway, whole.Token) ?? replaced!.RunAsync(gateway, whole.Token);
        Task reading = claims.RunAsync(configuration.Interval, loop.Wake, async () => seen.Claims(await gateway.ClaimsAsync()), time, whole.Token);
        Task deciding = loop.RunAsync(new DecisionSubject(gateway.DecideAsync, gateway.NextChangeAsync, () => gateway.Now), Follow, whole.Token);
        Task[] running = [renewing, reading, deciding, .. services.Run(whole.Token)];
        Task settling = ProcessHeap.GiveBackAsync(whole.Token);
        // None ends by itself: where one fails, the daemon ends, and the service manager starts it anew.
        Task first = await Task.WhenAny(running);
        await whole.CancelAsync();
        Systemd.Stopping();
        await Task.WhenAll([.. running, settling]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!ending.IsCancellationRequested)
            await first;
        return ExitCode.Ok;

        ValueTask<bool> Follow(ImmutableArray<DeviceDecision> decisions)
        {
            seen.Decided(decisions);
            own?.Nudge();
            services.Follow(decisions);
            return ValueTask.FromResult(true);
        }
    }

    private static OwnClaims ClaimsOf(AgentConfiguration configuration, Sightings seen, TimeProvider time) =>
        new(configuration.Claims, configuration.Sources.IsEmpty ? null : new DeviceAttributes([.. configuration.Sources.Select(source => source.Open())], time, seen.Source));

    /// <summary>Who the gateway is, by the certificate in use: the one that it was given first may be expired, half replaced or gone by now.</summary>
    private static string DeviceIdOf(AgentConfiguration configuration, PolicyClientOptions options)
    {
        (string certificate, string key) = OwnCredential.InUse(configuration);
        try
        {
            return PolicyClient.DeviceIdOf(options with { CertificatePath = certificate, KeyPath = key });
        }
        catch (Exception damage) when (damage is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            return PolicyClient.DeviceIdOf(options);
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
        CachePath = StateFiles.Decisions(configuration),
        CacheKeyPath = StateFiles.CacheKey(configuration),
        Time = time,
    };
}
