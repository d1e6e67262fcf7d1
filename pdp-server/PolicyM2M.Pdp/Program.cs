using PolicyM2M.Pdp.Access;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Auditing.Export;
using PolicyM2M.Pdp.Development;
using PolicyM2M.Pdp.Devices;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Limits;
using PolicyM2M.Pdp.Rest;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Revisions.Compiling;
using PolicyM2M.Pdp.Rollouts;
using PolicyM2M.Pdp.Services;
using PolicyM2M.Pdp.Sight;
using PolicyM2M.Pdp.Signing;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Pdp.Startup.Configuration;
using PolicyM2M.Pdp.Webhook;
using PolicyM2M.Registry;
using PolicyM2M.Store;
using PolicyM2M.Wire;
using PolicyM2M.X509.Revocation;

namespace PolicyM2M.Pdp;

/// <summary>The decision point, from top to bottom.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        // Before anything waits: the thread that begins is the one that stands back.
        if (CompilerEntry.IsAskedFor(args))
            return CompilerEntry.Run(args, Console.OpenStandardOutput(), Console.Error);
        using var asked = new StopRequest();
        if (CommandLine.Parse(args, Console.Out, Console.Error, out int exitCode, EnvironmentSettings.OfProcess()) is not { } options)
            return exitCode;
        return await ProcessEnd.OfAsync(async () =>
        {
            await using WebApplication pdp =
                await StartAsync(options, TimeProvider.System, Console.Out, logging => ConsoleLog.Configure(logging, options.Sight.LogsJson), asked.Token);
            await pdp.WaitForShutdownAsync();
        }, Console.Error, options.Places, asked.Token);
    }

    /// <summary>Starts a server. What it needs to be one, it has before it listens: a policy set that compiles, credentials, a registry.</summary>
    /// <exception cref="StartupException">It cannot start.</exception>
    /// <exception cref="PolicyStoreException">The policy set cannot be read.</exception>
    /// <exception cref="OperationCanceledException">It was asked to end before it listened.</exception>
    internal static async Task<WebApplication> StartAsync(PdpOptions options, TimeProvider clock, TextWriter console, Action<ILoggingBuilder> logTo, CancellationToken asked = default)
    {
        // First: a server that cannot listen leaves nothing behind.
        Listening.Try(options.Listen);
        DataFolder data = DataFolder.Find(options.Data);
        var hold = new DataFolderHold(data);
        try
        {
            // Before anything is read or made there: another server may be at it.
            hold.Take();
            return await StartAsync(options, data, hold, clock, console, logTo, asked);
        }
        catch
        {
            hold.GiveUp();
            throw;
        }
    }

    private static async Task<WebApplication> StartAsync(
        PdpOptions options, DataFolder data, DataFolderHold hold, TimeProvider clock, TextWriter console, Action<ILoggingBuilder> logTo, CancellationToken asked)
    {
        RevisionSource source = RevisionSource.Open(options, FollowedRemote.Find(options, data, clock, asked), data);
        var memory = new LastServed(data.LastServed);
        var rollouts = new RolloutMemory(data.Rollout);
        var activations = new Activations(data.Activations);
        DateTimeOffset now = clock.GetUtcNow();
        ServedCommit? lastServed = memory.Find(source);
        string? accepted = memory.TakeAccepted(source);
        RememberedRollout? remembered = rollouts.Find(source);
        var revisions = new RevisionState(activations.Begin(RolloutStart.Load(source, lastServed, remembered, accepted, options.Rollout, now, asked), now));
        Func<IServiceProvider, WebhookListener>? webhook = WebhookListener.Of(options);
        Func<IServiceProvider, MonitorListener>? monitor = MonitorListener.Of(options);
        DevelopmentCredentials development = options.MayBeForDevelopment ? DevelopmentCredentials.Prepare(data, clock.GetUtcNow()) : DevelopmentCredentials.None(data, options.Listen);
        DevelopmentData.Prepare(data, development, revisions.Current.Active.Decider);
        var revoked = RevokedDevices.Open(data.Revoked);
        var credentials = new CredentialState(TlsCredentials.Load(data, options.Callers));
        var files = new CallerFiles(data, options.Callers);
        var listed = ListedAuthorities.Open(data.CrlRequired);
        CallerRulesState rules = FirstRules(files, new RevocationFiles(data, options.Callers), listed, credentials.Current);

        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("Grpc", LogLevel.Warning);
        logTo(builder.Logging);
        builder.WebHost.UseKestrelCore().ConfigureKestrel((_, kestrel) =>
        {
            kestrel.Keep(options.Callers.Limits);
            kestrel.ListenWithMutualTls(options.Listen, options.AllowTls12);
        });

        // By factory, so that it is let go of with the server, after everything else.
        builder.Services.AddSingleton(clock).AddSingleton(options).AddSingleton(data).AddSingleton(_ => hold);
        builder.Services.AddSingleton(source).AddSingleton(revisions).AddSingleton<RevisionNews>().AddSingleton(memory);
        builder.Services.AddSingleton(rollouts).AddSingleton(activations).AddSingleton<Rollout>().AddSingleton<Trial>();
        builder.Services.AddSingleton(credentials).AddSingleton<RefusedConnections>();
        builder.Services.AddSingleton(files).AddSingleton(new RevocationFiles(data, options.Callers)).AddSingleton(listed).AddSingleton(rules);
        builder.Services.AddSingleton(options.Callers.Limits).AddSingleton<CallerLoads>().AddSingleton<ConnectionPlaces>();
        builder.Services.AddSingleton<Overloads>().AddSingleton<Denials>().AddSingleton<Reads>().AddSingleton<CallAccess>();
        // By factory, so that it is closed with the server, after everything that records.
        builder.Services.AddSingleton(provider => AuditTrail.Open(options.Audit, data, credentials.Current.Id.TrustDomain, clock, provider.GetRequiredService<ILogger<AuditTrail>>()));
        builder.Services.AddSingleton(provider => SigningKeys.Open(data, clock.GetUtcNow(), provider.GetRequiredService<ILogger<SigningKeys>>()));
        builder.Services.AddSingleton<SignedDecisions>().AddSingleton<SignedBundles>();
        builder.Services.AddSingleton(services => new SignedStatements(services.GetRequiredService<SigningKeys>(), options.StatementValidity));
        // By factory, so that it is opened where a fault closes what was opened, and closed with the server.
        builder.Services.AddSingleton(_ => RegistryOption.Open(options.RegistryDb, data, clock)).AddSingleton<DeviceReplica>().AddSingleton(revoked).AddSingleton(new RegistryState(clock, options.RegistryGrace, revoked));
        builder.Services.AddSingleton<FirstImport>().AddSingleton<ImportUploads>().AddSingleton<DeviceImportCall>().AddSingleton<DroppedClaims>();
        builder.Services.AddHostedService<RevisionFollower>().AddHostedService<RegistryFollower>().AddHostedService<CredentialFollower>().AddHostedService<CallerRulesFollower>();
        builder.Services.AddHostedService<HistoryRetention>().AddHostedService<AuditRetention>();
        builder.Services.AddSingleton<AuditExport>().AddHostedService(services => services.GetRequiredService<AuditExport>());
        builder.AddSight(options.Sight, monitor);

        if (webhook is not null)
            builder.Services.AddSingleton(webhook).AddHostedService(services => services.GetRequiredService<WebhookListener>());

        builder.Services.AddRouting().AddSingleton<AccessInterceptor>();
        // One for all calls: they hold nothing of a call, and are not made anew for each.
        builder.Services.AddSingleton<AnswerMemory>().AddSingleton<GivenDecisions>().AddSingleton<WatchNews>().AddSingleton<IRehearsal, Rehearsal>();
        builder.Services.AddSingleton<RememberedAnswers>().AddSingleton<DecideEndpoint>().AddSingleton<DecisionEndpoint>();
        builder.Services.AddGrpc(grpc =>
        {
            grpc.Interceptors.Add<AccessInterceptor>();
            grpc.MaxReceiveMessageSize = RequestLimits.MaximumMessageBytes;
        });
        builder.Services.AddGrpcHealthChecks().AddCheck<ReadinessHealth>("readiness");
        builder.Services.AddGrpcReflection();

        WebApplication pdp = builder.Build();
        try
        {
            pdp.Services.GetRequiredService<DataFolderHold>();
            DeviceStore registry = pdp.Services.GetRequiredService<DeviceStore>();
            // Before it listens: without keys, and without a log of what it decides, it is no decision point.
            pdp.Services.GetRequiredService<SigningKeys>();
            pdp.Services.GetRequiredService<AuditTrail>();
            // Before anybody is answered: what a restart would not know of is not served, and the log says what answers before it says what was answered.
            pdp.Services.GetRequiredService<Rollout>().Begin(first => RolloutStart.Before(source, lastServed, remembered, accepted, first, now) is not { } before ? null
                : ReferenceEquals(before, first) ? first : activations.Begin(before, now));
            pdp.Map();
            await pdp.ListenAsync(options, asked);
            foreach ((string option, string file) in SecretFiles.ReadableByAll(options, data))
                pdp.Logger.SecretReadable(option, file);
            if (options.Accept is { } named && accepted is null)
                pdp.Logger.AcceptedNothing(named, source.FindAccepted() is null ? $"{source.Repository} has no such commit" : "an earlier start took it, and it counts once; take it away");
            foreach (string value in options.Audit.Values.Where(value => !revisions.Current.Active.Bundle.Attributes.ContainsKey(value)))
                pdp.Logger.AuditValueUnknown(value);
            if (development.InUse)
                pdp.Logger.DevelopmentCredentials(data.Pki);
            if (webhook is not null)
                pdp.Logger.WebhookListening(pdp.Services.GetRequiredService<WebhookListener>().Address);
            pdp.TellSight(options.Sight);
            StartupMessage.Write(console, revisions.Current, source, pdp.Urls.Single(), data, registry.Name, development, isDataGiven: options.Data is not null, clock.GetUtcNow());
            return pdp;
        }
        catch
        {
            // What was opened is closed: the log of what it decides is signed up to its end.
            await pdp.DisposeAsync();
            throw;
        }
    }

    private static void Map(this WebApplication pdp)
    {
        pdp.ObserveSight();
        // Before anything looks for who answers: what is remembered needs nobody.
        pdp.UseAdmission(pdp.Services.GetRequiredService<RememberedAnswers>().TryAnswer);
        pdp.UseRouting();
        pdp.UseRestUnknown();
        pdp.MapGrpcService<DecideEndpoint>();
        pdp.MapGrpcService<DecisionEndpoint>();
        pdp.MapGrpcService<PolicyEndpoint>();
        pdp.MapGrpcService<DeviceEndpoint>();
        pdp.MapGrpcService<AuditEndpoint>();
        pdp.MapGrpcHealthChecksService();
        pdp.MapGrpcReflectionService();
        pdp.MapRest();
    }

    private static CallerRulesState FirstRules(CallerFiles files, RevocationFiles lists, ListedAuthorities listed, TlsCredentials credentials)
    {
        RevocationLists? read = lists.Look(credentials.Trust, RevocationLists.None);
        if (lists.Faults is [var fault, ..])
            throw new StartupException(fault);
        var rules = new CallerRules(credentials.Trust, files.LoadRoles(credentials.Id.TrustDomain, before: null), read ?? RevocationLists.None);
        try
        {
            return new(rules with { Listed = listed.Remember(rules) });
        }
        catch (Exception unkept) when (unkept is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"which authorities have a revocation list cannot be remembered in {listed.Path}: {FaultText.Of(unkept)}", ExitCode.CouldNotRun, unkept);
        }
    }
}
