using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Benchmarks.Devices;
using PolicyM2M.Benchmarks.Measuring;
using PolicyM2M.Benchmarks.Workload;
using PolicyM2M.Enforcement;
using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Enforcement.Storing;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Benchmarks.Table;

/// <summary>What an answer costs on a device: one that is kept, through the public API, and one that is made from the bundle.</summary>
internal static class DeviceRows
{
    private const int Rules = 10_000, Devices = 500;

    private const string Id = "spiffe://bench.example/device/plc-1";

    public static IEnumerable<TableRow> Measure(Effort effort)
    {
        var set = CommonPolicies.Of(CommonWorkload.Of(Rules));
        Subject subject = AnswersChecked.Of(set);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        var pdp = new SimulatedPdp(subject.Bundle, now);
        DeviceContext[] contexts = [.. set.Contexts.Take(Devices).Select(values => DeviceContext.Of(values.Select((value, i) => KeyValuePair.Create(set.Attributes[i].Name, value))))];
        DirectoryInfo folder = Directory.CreateTempSubdirectory("policym2m-sdk-");
        try
        {
            PolicyClient client = Client(folder.FullName, pdp, contexts, now);
            ClaimSet[] claims = [.. contexts.Select(context => client.Prepare(context)).Where(one => client.TryDecide(DecisionKind.CipherSuites, one, out _))];
            if (claims.Length == 0)
                throw new InvalidOperationException("no claim set is answered from the store");
            Figures hit = effort.Decisions.Measure(new Batch("hit", claims.Length, () =>
            {
                long sum = 0;
                foreach (ClaimSet one in claims)
                    sum += client.TryDecide(DecisionKind.CipherSuites, one, out DeviceDecision decision) && decision.Outcome.IsDenied ? 0 : 1;
                return sum;
            }))[0];
            yield return TableRow.AtMost($"cached decision through the public API ({claims.Length} claim sets that ask again)", hit.Median, 250, " ns");
            yield return TableRow.AtMost("bytes allocated by it", hit.BytesPerOperation, 0, " B");
            client.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        HeldBundle held = pdp.Vouched(now);
        var decider = new Decider(subject.Bundle);
        var facts = new DeviceFacts("plc-1");
        PreparedContext[] here = [.. contexts.Select(context => held.Prepare(new ClaimSet(context, "plc-1", _ => new DeviceSlot(facts)), facts))], own = [.. contexts.Select(decider.Prepare)];
        var path = new DecisionPath();
        ImmutableArray<Figures> local = effort.Decisions.Measure(
            new Batch("engine", own.Length, () =>
            {
                long sum = 0;
                foreach (PreparedContext context in own)
                    sum += decider.Decide(DecisionKind.CipherSuites, context, now, path).Rules.Length;
                return sum;
            }),
            new Batch("local", here.Length, () =>
            {
                long sum = 0;
                foreach (PreparedContext context in here)
                    sum += held.Decide(DecisionKind.CipherSuites, context, facts, now) is { } made ? made.Decision.Rules.Length : 0;
                return sum;
            }));
        yield return TableRow.AtMost("decision made from the bundle, region and windows included, against the engine's own", local[1].RatioTo(local[0]), 2, " ×",
            $"{TableRow.Number(local[1].Median)} ns against {TableRow.Number(local[0].Median)} ns, {TableRow.Number(local[1].BytesPerOperation)} B");
    }

    /// <summary>A client with a full store, and nobody to ask.</summary>
    private static PolicyClient Client(string folder, SimulatedPdp pdp, DeviceContext[] contexts, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=bench", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(Id));
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        string At(string name, string text)
        {
            File.WriteAllText(Path.Combine(folder, name), text);
            return Path.Combine(folder, name);
        }
        var options = new PolicyClientOptions
        {
            Endpoint = SimulatedPdp.Address,
            CertificatePath = At("device.pem", certificate.ExportCertificatePem()),
            KeyPath = At("device-key.pem", key.ExportPkcs8PrivateKeyPem()),
            TrustPath = At("ca.pem", certificate.ExportCertificatePem()),
            CachePath = Path.Combine(folder, "store"),
        };
        Answer[] answers = [.. contexts.Select(context => pdp.Answer(context, DeviceContext.Empty, "plc-1", now))];
        KeptDecision[] decisions = [.. answers.SelectMany(answer => answer.Decisions).Where(kept => kept.Kind == DecisionKind.CipherSuites)
            .Select(kept => new KeptDecision(kept.Signed, kept.Decision, isVerified: false) { FreshUntil = now.AddHours(1), UsableUntil = now.AddHours(2) })];
        RevisionStamp stamp = RevisionStamp.Of(decisions[0].Decision);
        var facts = new DeviceFacts("plc-1") { Served = stamp, LatestSeen = stamp, Statement = answers[0].Statement };
        byte[] storeKey = new StoreKeyFile(options.KeyPath + ".cache-key").Read();
        StoreContent content = new(now, pdp.Keys, null, [facts], [.. decisions]) { BootId = MachineState.Own.BootId };
        new StoreFile(options.CachePath, "decisions", Id, storeKey, 1 << 30).Save(StoreFormat.Write(content).Span);
        return PolicyClient.Connect(options);
    }
}
