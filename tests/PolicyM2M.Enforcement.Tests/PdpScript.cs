using System.Threading.Channels;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;
using Field = PolicyM2M.Engine.Lattice.Field;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>What a <see cref="ScriptedPdp"/> answers; may be changed while it runs.</summary>
internal sealed class PdpScript(TimeProvider time)
{
    private readonly List<(string Device, Channel<V1.WatchResponse> Channel)> _watchers = [];

    private int _calls, _keyCalls, _refusedWatches;
    private (string Device, V1.SignedPayload Signed, DateTimeOffset IssuedAt)? _statement;

    public int Calls => Volatile.Read(ref _calls);

    public string[] LastAttributes { get; private set; } = [];

    public RevisionId Revision { get; private set; } = new("1111", "aaaa");

    public DateTimeOffset? ActivatedAt { get; set; }

    /// <summary>How often the keys were asked for.</summary>
    public int KeyCalls => Volatile.Read(ref _keyCalls);

    /// <summary>What the registry holds of the device; told to watchers with <see cref="Publish"/>.</summary>
    public ulong DeviceVersion { get; set; } = 1;

    /// <summary>The same of devices behind the caller, where it is another.</summary>
    public Dictionary<string, ulong> Versions { get; } = [];

    public TestSigner Signer { get; set; } = new(time);

    public string[] Needed { get; set; } = ["device.type"];

    /// <summary>What the registry says; the decisions rest on all of it.</summary>
    public Dictionary<string, string> Stated { get; } = [];

    /// <summary>What it says besides, on which no decision rests.</summary>
    public Dictionary<string, string> StatedBeside { get; } = [];

    /// <summary>The statement that a watch of a device tells; the caller's is that of plc-1.</summary>
    public Func<string, V1.SignedPayload?> Tells { get; set; } = _ => null;

    public TimeSpan StatementIsFresh { get; set; } = TimeSpan.FromHours(1);

    public TimeSpan StatementHolds { get; set; } = TimeSpan.FromHours(1);

    public TimeSpan FreshFor { get; set; } = TimeSpan.FromHours(1);

    public TimeSpan UsableFor { get; set; } = TimeSpan.FromDays(3);

    public StatusCode? Refuses { get; set; }

    /// <summary>Changes a decision before it is signed.</summary>
    public Action<V1.Decision> Forge { get; set; } = _ => { };

    /// <summary>Changes an answer after it was signed.</summary>
    public Action<V1.DecideResponse> Tamper { get; set; } = _ => { };

    /// <summary>What an answer waits for.</summary>
    public Func<V1.DecideRequest, Task> Hold { get; set; } = _ => Task.CompletedTask;

    /// <summary>What the keys wait for.</summary>
    public Func<Task> HoldKeys { get; set; } = () => Task.CompletedTask;

    public bool RefusesCertificates { get; set; }

    /// <summary>Why an attribute is not used; null where it is.</summary>
    public Func<string, (V1.IgnoredReason Reason, string Detail)?> Ignores { get; set; } = _ => null;

    /// <summary>The stream of devices behind the caller ends by this with its next message.</summary>
    public StatusCode? RefusesDevices { get; set; }

    public StatusCode? RefusesWatch { get; set; }

    /// <summary>How often a watch was refused.</summary>
    public int RefusedWatches => Volatile.Read(ref _refusedWatches);

    /// <summary>The devices behind the caller for which that holds too.</summary>
    public HashSet<string> RefusesWatchOf { get; } = [];

    /// <summary>What comes for a bundle.</summary>
    public Func<V1.GetBundleRequest, IEnumerable<V1.GetBundleResponse>> Bundle { get; set; } = _ => throw new RpcException(new Status(StatusCode.Unimplemented, "scripted"));

    public V1.DecideResponse Answer(V1.DecideRequest request, string device)
    {
        Interlocked.Increment(ref _calls);
        LastAttributes = [.. request.Attributes.Keys.Order(StringComparer.Ordinal)];
        if (Refuses is { } status)
            throw new RpcException(new Status(status, "scripted"));
        if (request.Form != V1.DecisionForm.Signed)
            throw new RpcException(new Status(StatusCode.InvalidArgument, "scripted: only signed decisions are to be had"));
        var response = new V1.DecideResponse { NeededAttributes = { Needed } };
        foreach (string name in LastAttributes)
        {
            if (Ignores(name) is { } ignored)
                response.Ignored.Add(new V1.IgnoredAttribute { Name = name, Reason = ignored.Reason, Detail = ignored.Detail });
        }
        var region = Region.Of(Parts(request));
        foreach (V1.DecisionKind kind in request.Kinds)
        {
            V1.Decision decision = WireMapping.ToWire(Decision(WireMapping.FromWire(kind)), Revision, time.GetUtcNow(), region: region);
            decision.Revision.ActivatedAt = ActivatedAt?.ToTimestamp();
            Forge(decision);
            response.SignedDecisions.Add(Signer.Sign(SignedKind.Decision, decision));
        }
        V1.SignedPayload statement = Statement(device);
        if (request.KnownStatement.IsEmpty || !request.KnownStatement.Span.SequenceEqual(System.Security.Cryptography.SHA256.HashData(statement.Payload.Span)))
            response.Statement = statement;
        Tamper(response);
        return response;
    }

    public V1.GetSigningKeysResponse Keys()
    {
        Interlocked.Increment(ref _keyCalls);
        return Signer.Published();
    }

    public void Publish(RevisionId revision, params byte[][] unchanged)
    {
        lock (_watchers)
        {
            Revision = revision;
            foreach ((string device, Channel<V1.WatchResponse> watcher) in _watchers)
            {
                V1.WatchResponse message = Message(device);
                message.UnchangedDecisions.AddRange(unchanged.Select(ByteString.CopyFrom));
                watcher.Writer.TryWrite(message);
            }
        }
    }

    public void EndWatches() => EndWatches(_ => true);

    public void EndWatch(string of) => EndWatches(device => device == of);

    private void EndWatches(Func<string, bool> isMeant)
    {
        lock (_watchers)
        {
            foreach ((_, Channel<V1.WatchResponse> watcher) in _watchers.Where(watching => isMeant(watching.Device)))
                watcher.Writer.TryComplete();
            _watchers.RemoveAll(watching => isMeant(watching.Device));
        }
    }

    /// <param name="device">For which device; empty for the caller.</param>
    public ChannelReader<V1.WatchResponse> Watch(string device)
    {
        if ((device.Length == 0 || RefusesWatchOf.Contains(device) ? RefusesWatch : null) is { } status)
        {
            Interlocked.Increment(ref _refusedWatches);
            throw new RpcException(new Status(status, "scripted"));
        }
        lock (_watchers)
        {
            Channel<V1.WatchResponse> watcher = Channel.CreateUnbounded<V1.WatchResponse>();
            watcher.Writer.TryWrite(Message(device));
            _watchers.Add((device, watcher));
            return watcher.Reader;
        }
    }

    /// <summary>A caller hung up.</summary>
    public void Left(ChannelReader<V1.WatchResponse> watcher)
    {
        lock (_watchers)
            _watchers.RemoveAll(watching => watching.Channel.Reader == watcher);
    }

    /// <summary>The devices that are watched now; empty for the caller.</summary>
    public string[] Watched
    {
        get
        {
            lock (_watchers)
                return [.. _watchers.Select(watching => watching.Device)];
        }
    }

    /// <summary>A statement, made anew where it is another's, says something else, or half of its time is over.</summary>
    public V1.SignedPayload Statement(string device)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (_statement is { } known && known.Device == device + string.Join(';', [.. Stated, .. StatedBeside]) && now >= known.IssuedAt && now < known.IssuedAt + Fresh / 2)
            return known.Signed;
        V1.SignedPayload signed = Signer.Sign(SignedKind.DeviceStatement, new V1.DeviceStatement
        {
            DeviceId = device,
            Attributes = { Stated.Concat(StatedBeside).OrderBy(value => value.Key, StringComparer.Ordinal).Select(value => new V1.NamedValue { Name = value.Key, Value = new V1.AttributeValue { Text = value.Value } }) },
            IssuedAt = now.ToTimestamp(),
            FreshUntil = (now + Fresh).ToTimestamp(),
            ValidUntil = (now + StatementHolds).ToTimestamp(),
        });
        _statement = (device + string.Join(';', [.. Stated, .. StatedBeside]), signed, now);
        return signed;
    }

    private TimeSpan Fresh => StatementIsFresh < StatementHolds ? StatementIsFresh : StatementHolds;

    private V1.WatchResponse Message(string device) => new()
    {
        Revision = RevisionMessage(),
        NeededAttributes = { Needed },
        DeviceVersion = Versions.GetValueOrDefault(device, DeviceVersion),
        Statement = Tells(device.Length == 0 ? "plc-1" : device),
    };

    private V1.Revision RevisionMessage()
    {
        V1.Revision revision = WireMapping.ToWire(Revision);
        revision.ActivatedAt = ActivatedAt?.ToTimestamp();
        return revision;
    }

    /// <summary>The region of exactly the context that was asked about, and what is stated.</summary>
    private RegionParts Parts(V1.DecideRequest request)
    {
        (string Name, AttributeValue Value, Provenance Provenance)[] tested =
        [
            .. Needed.Select(name => (name, request.Attributes.TryGetValue(name, out V1.AttributeValue? value) ? WireMapping.FromWire(value) : default, Provenance.Claimed))
                .Concat(Stated.Select(value => (value.Key, AttributeValue.Of(value.Value), Provenance.Registry))).OrderBy(value => value.Item1, StringComparer.Ordinal),
        ];
        return new RegionParts(
            [.. tested.Select(test => new AttributeScale(new AttributeDefinition(test.Name, test.Value.Kind == AttributeValueKind.Integer ? AttributeType.Int : AttributeType.String, test.Provenance, "", null, null, []),
                test.Value.Kind == AttributeValueKind.Text ? [test.Value.Text] : [], false))],
            [.. tested.Select((test, place) => new RegionTest(RegionSubject.Value, place, 0, "", test.Value.Kind switch
            {
                AttributeValueKind.Text => [(0, 0)],
                AttributeValueKind.Integer => [(test.Value.Integer, test.Value.Integer)],
                _ => null,
            }))]);
    }

    private Decision Decision(DecisionKind kind) => new(Outcome.Allow(kind, Field.Of(kind).Where(field => field.MustBeStated).Select(Value)
        .Append((Field.FreshFor, new FieldValue.Duration((long)FreshFor.TotalSeconds))).Append((Field.UsableFor, new FieldValue.Duration((long)UsableFor.TotalSeconds)))
        .Concat(kind == DecisionKind.Rotation ? [(Field.RotateNow, new FieldValue.Level(0, "false"))] : [])), []);

    private static (Field, FieldValue) Value(Field field) => (field, new FieldValue.Names([((FieldShape.NameList)field.Shape).CodePoints!.Keys.Order(StringComparer.Ordinal).First()]));
}
