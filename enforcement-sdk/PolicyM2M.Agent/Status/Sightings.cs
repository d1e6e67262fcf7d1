using System.Collections.Immutable;
using PolicyM2M.Agent.Local;
using PolicyM2M.Enforcement;

namespace PolicyM2M.Agent.Status;

/// <summary>The daemon's one holder of what it has seen of itself. The status is immutable and replaced under one lock; read from any thread.</summary>
/// <param name="first">What is known at the start.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Hears of each happening, a line each.</param>
internal sealed class Sightings(AgentStatus first, TimeProvider time, TextWriter log)
{
    /// <summary>Enough to see what led to the present.</summary>
    private const int KeptEvents = 20;

    private const int LongestFaults = 1_000;

    private readonly Lock _lock = new();
    private volatile AgentStatus _current = first;
    private volatile TaskCompletionSource _changed = NewSignal();
    private string _claimFaults = "";

    /// <summary>The status now.</summary>
    public AgentStatus Current => _current;

    /// <summary>The time now.</summary>
    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Completes when something happens.</summary>
    public Task NextChange => _changed.Task;

    /// <summary>The client says that something happened.</summary>
    public void Client(ClientEvent happened)
    {
        if (happened is ClientEvent.SourceChanged source)
        {
            Transition(source);
            return;
        }
        (string name, string detail) = EventText.Of(happened);
        if (happened is ClientEvent.ContextRead read && !IsOwn(read.Device))
        {
            Line(name, detail);
            return;
        }
        Event(name, detail, status => happened switch
        {
            ClientEvent.Connected connected => status with { Outage = null, IsTurnedAway = false, IsUnwelcome = false, Revision = connected.Revision },
            ClientEvent.RevisionChanged changed => status with { Revision = changed.Revision },
            ClientEvent.DeviceChanged changed => status with { Registry = status.Registry.With(changed.Device) },
            ClientEvent.Disconnected disconnected => status with { Outage = disconnected.Reason, IsTurnedAway = disconnected.IsTurnedAway, IsUnwelcome = false },
            ClientEvent.CertificateEnding => status with { IsCertificateEnding = true },
            // What it says of another device is no word about this one.
            ClientEvent.Refused { Device: null } refused => status with { Outage = refused.Reason, IsTurnedAway = false, IsUnwelcome = refused.IsUnwelcome },
            _ => status,
        });
    }

    /// <summary>From one fresh answer to another there is no line.</summary>
    private void Transition(ClientEvent.SourceChanged source)
    {
        if (IsFresh(source.To) && (source.From is not { } from || IsFresh(from)))
            return;
        (string name, string detail) = EventText.Of(source);
        Line(name, detail);
    }

    /// <summary>A call of a local program failed for a reason that is ours.</summary>
    public void CallFailed(string method, Exception failure) => Event("call-failed", $"{method}: {failure.GetType().Name}: {failure.Message}", status => status);

    /// <summary>Connections of a user to the socket begin to be refused.</summary>
    public void ConnectionsRefused(string reason) => Event("connections-refused", reason, status => status);

    /// <summary>A source of claims cannot say anything, or can again.</summary>
    /// <param name="source">What it is called.</param>
    /// <param name="fault">Why it cannot; null where it can.</param>
    public void Source(string source, string? fault) =>
        Event(fault is null ? "claims-read" : "claims-failed", fault is null ? source : $"{source}: {fault}", status => status);

    /// <summary>What of that which the gateway says of itself comes to nothing; told when it changes. Called by one at a time.</summary>
    public void Claims(ImmutableArray<ClaimSighting> claims)
    {
        string faults = string.Join("; ", claims.Where(claim => claim.Fault is not null).Select(claim => $"`{claim.Name}` of {claim.Source}: {claim.Fault}"));
        // A file of a source may name thousands.
        if (faults.Length > LongestFaults)
            faults = $"{faults[..LongestFaults]}…";
        if (faults == _claimFaults)
            return;
        _claimFaults = faults;
        Event("claims-unused", faults.Length == 0 ? "everything that is said is of use" : faults, status => status);
    }

    /// <summary>The gateway's own decisions.</summary>
    public void Decided(ImmutableArray<DeviceDecision> decisions)
    {
        foreach (DeviceDecision decision in decisions.Where(decision => !_current.Decisions.Any(before => IsSame(before, decision))))
        {
            string reason = decision.Outcome.Denial is { } denial ? $": {denial}" : "";
            Event("decision", $"{Engine.Vocabulary.DecisionKinds.Name(decision.Kind)} {(decision.Outcome.IsDenied ? "deny" : "allow")}, {decision.Source.Name()}{reason}", status => status);
        }
        lock (_lock)
            _current = _current with { Decisions = decisions };
    }

    /// <summary>A service came to another stage, or stays in one for another reason.</summary>
    public void Service(string name, ServiceStage stage, string detail)
    {
        if (_current.Services.TryGetValue(name, out ServiceState? before) && before.Stage == stage && before.Detail == detail)
            return;
        Event("service", $"{name} {ServiceStages.Name(stage)}{(detail.Length == 0 ? "" : $": {detail}")}",
            status => status with { Services = status.Services.SetItem(name, new ServiceState(stage, time.GetUtcNow(), detail)) });
    }

    /// <summary>Something happened to the credential.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="detail">What it says.</param>
    /// <param name="change">What it is to the status; null for nothing.</param>
    public void Rotation(string name, string detail, Func<AgentStatus, AgentStatus>? change = null) => Event(name, detail, change ?? (status => status));

    /// <summary>The credential in use.</summary>
    public void Credential(string device, DateTimeOffset until) =>
        Event("credential", $"{device}, valid until {until:u}", status => status with { Device = device, CertificateUntil = until, IsCertificateEnding = false, IsTurnedAway = false, IsUnwelcome = false });

    private void Event(string name, string detail, Func<AgentStatus, AgentStatus> change)
    {
        DateTimeOffset now = time.GetUtcNow();
        lock (_lock)
        {
            ImmutableArray<Happening> events = _current.Events;
            if (events.Length >= KeptEvents)
                events = events.RemoveRange(0, events.Length - KeptEvents + 1);
            _current = change(_current) with { Events = events.Add(new Happening(now, name, detail)) };
            Log(name, detail);
        }
        Interlocked.Exchange(ref _changed, NewSignal()).SetResult();
    }

    /// <summary>What is said of the devices behind the gateway is much, where these are many: lines of the log, that push nothing out of the status.</summary>
    private void Line(string name, string detail)
    {
        lock (_lock)
            Log(name, detail);
    }

    private bool IsOwn(string device) => _current.Device.EndsWith($"/{device}", StringComparison.Ordinal);

    /// <summary>What comes over the wire must not forge a line of the log.</summary>
    private void Log(string name, string detail)
    {
        log.Write($"{name}: {Printable.Text(detail)}\n");
        log.Flush();
    }

    /// <summary>A fresh answer is one, wherever it came from: telling them apart would fill the log.</summary>
    private static bool IsFresh(DecisionSource source) => source is DecisionSource.Live or DecisionSource.Cached;

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static bool IsSame(DeviceDecision one, DeviceDecision other) =>
        one.Kind == other.Kind && one.Outcome.IsDenied == other.Outcome.IsDenied && (one.Source == other.Source || (IsFresh(one.Source) && IsFresh(other.Source)))
        && one.Revision == other.Revision;
}
