using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PolicyM2M.Audit.Appending;
using PolicyM2M.Audit.Storage;
using PolicyM2M.Pdp.Access;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>What a server records, and what auditors get of it.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class AuditTests
{
    internal static readonly AuditOptions Durable = new() { Durability = AuditDurability.Durable };

    [Test]
    public async Task Decisions_say_by_which_rules_and_from_where_their_attributes_came()
    {
        await using RunningPdp pdp = await StartAsync(Durable with { Values = ["firmware.version"] });
        var request = new DecideRequest { Attributes = { ["firmware.version"] = new AttributeValue { Text = "2.6.0" }, ["device.type"] = new AttributeValue { Text = "plc" }, ["posture.risk"] = new AttributeValue { Integer = 0 } } };
        DecideResponse answer = await pdp.DecisionsAs("device").DecideAsync(request);

        AuditRecord record = (await Records(pdp)).Last(record => record.Decisions is not null);
        Assert.Multiple(() =>
        {
            Assert.That((record.Caller, record.Device), Is.EqualTo(("spiffe://dev.policym2m.example/device/plc-0042", "plc-0042")));
            Assert.That(record.Decisions.Revision.CommitId, Is.EqualTo(pdp.Git.Head));
            Assert.That(record.Decisions.Decisions.Select(made => (made.Kind, made.Denied)), Is.EqualTo(answer.Decisions.Select(made => (made.Kind, made.Denial is not null))));
            Assert.That(record.Decisions.Decisions.Select(made => made.Rules), Is.EqualTo(answer.Decisions.Select(made => made.Rules)));
            Assert.That(record.Decisions.Attributes.Select(attribute => $"{attribute.Name} {attribute.Source} {attribute.Value?.Text}"), Is.EqualTo(new[]
            {
                "device.id Registry ", "device.type Claimed ", "firmware.version Claimed 2.6.0", "key.protection Unspecified ", "posture.risk Registry ",
            }));
            Assert.That(record.Decisions.Decisions[1].OutcomeSha256.ToByteArray(), Is.EqualTo(SHA256.HashData("""{"outcome":{"mutual":"required","methods":["spiffe-x509"],"capabilities":[],"fresh-for":"0s","usable-for":"0s"}}"""u8)), "whoever knows an outcome can tell its digest");
        });
    }

    [Test]
    public async Task Denials_changes_of_the_registry_of_policies_and_by_operators_are_recorded()
    {
        await using RunningPdp pdp = await StartAsync(Durable);
        await Assert.ThrowsAsync<RpcException>(async () => await pdp.DecisionsAs("device").DecideAsync(new DecideRequest { DeviceId = "plc-0099" }));
        await pdp.DevicesAs("operator").SetDeviceRiskAsync(new SetDeviceRiskRequest { Id = "sensor-1", Risk = 90 });
        await pdp.PoliciesAs("operator").PinAsync(new PinRequest { ExpectedActive = pdp.Git.Head, Reason = "holidays" });
        await pdp.PoliciesAs("operator").UnpinAsync(new UnpinRequest { ExpectedActive = pdp.Git.Head });
        string broken = pdp.Git.Commit("Broken", ("policies/baseline.m2m", TestPolicies.Broken));
        AuditRecord[] records = await RunningPdp.Eventually(() => Records(pdp), found => found.Any(record => record.Revision?.Revision.CommitId == broken));

        Assert.That(records.Select(record => record.EventCase switch
        {
            AuditRecord.EventOneofCase.Start => "start durable, stop",
            AuditRecord.EventOneofCase.Revision => $"{record.Revision.Became}: {record.Revision.Reason.Split(';')[0]}",
            AuditRecord.EventOneofCase.Denial => $"{record.Denial.Rpc} of {record.Device}: {record.Denial.Reason}",
            AuditRecord.EventOneofCase.DeviceChange => $"{record.DeviceChange.Verb} {record.Device} by {record.Caller.Split('/')[^1]}",
            _ => $"{record.Operation?.Rpc.Split('/')[^1]} {record.Operation?.Detail}",
        }).Distinct(), Is.EqualTo(new[]
        {
            "start durable, stop", "active: ", "import  by ", "/policym2m.v1.DecisionService/Decide of plc-0099: a device may ask only about itself", "risk 90 sensor-1 by dev",
            "Pin pin", "Unpin unpin", "refused: baseline.m2m:3:32: error M2M204: there is no authentication method `nonsense`",
        }));
    }

    [Test]
    public async Task A_caller_that_is_denied_in_a_loop_leaves_two_records_a_minute()
    {
        await using RunningPdp pdp = await StartAsync(Durable);
        DecisionService.DecisionServiceClient device = pdp.DecisionsAs("device");
        async Task Denied(string id) => await Assert.ThrowsAsync<RpcException>(async () => await device.DecideAsync(new DecideRequest { DeviceId = id }));
        for (int i = 0; i < 100; i++)
            await Denied("plc-0099");
        for (int i = 0; i < 100; i++)
            await Denied($"plc-{i}");
        pdp.Server.Services.GetRequiredService<Denials>().EndWindow();
        await Denied("plc-0099");

        AuditDenial[] denials = [.. (await Records(pdp)).Select(record => record.Denial).OfType<AuditDenial>()];
        Assert.That(denials, Has.Length.EqualTo(Denials.MaximumOfOne + 3));
        Assert.That(denials.Select(denial => denial.Again).Where(again => again > 0), Is.EquivalentTo(new[] { 99UL, 101UL - Denials.MaximumOfOne }));
        Assert.That(denials[^1].Again, Is.Zero, "the next minute begins anew");
        Assert.That(pdp.Log.Lines, Has.Exactly(1).EndsWith("99 times more within a minute: it asked about plc-0099: a device may ask only about itself"));
    }

    [Test]
    public async Task A_bundle_that_is_handed_out_is_recorded_also_where_the_caller_has_it()
    {
        await using RunningPdp pdp = await StartAsync(Durable);
        DecisionService.DecisionServiceClient device = pdp.DecisionsAs("device");
        BundleDescription whole = await Described(new GetBundleRequest());
        await Described(new GetBundleRequest { BundleHash = whole.Revision.BundleHash, Offset = whole.Length });

        AuditRecord[] records = [.. (await Records(pdp)).Where(record => record.Bundle is not null)];
        Assert.That(records.Select(record => (record.Device, record.Bundle.Revision.BundleHash, record.Bundle.Offset)),
            Is.EqualTo(new[] { ("plc-0042", whole.Revision.BundleHash, 0UL), ("plc-0042", whole.Revision.BundleHash, whole.Length) }));

        async Task<BundleDescription> Described(GetBundleRequest request)
        {
            using AsyncServerStreamingCall<GetBundleResponse> call = device.GetBundle(request);
            await call.ResponseStream.MoveNext(TestContext.CurrentContext.CancellationToken);
            return call.ResponseStream.Current.Description;
        }
    }

    [Test]
    public async Task An_import_is_recorded_when_it_is_written_whatever_becomes_of_its_client()
    {
        await using RunningPdp pdp = await StartAsync(Durable);
        AuditRecord first = (await Records(pdp)).Single(record => record.DeviceChange is not null);
        Assert.That((first.Caller, first.DeviceChange.Detail, first.DeviceChange.Version), Is.EqualTo(("", "first start, 4 changed", 4UL)));

        // One good line, and more faults than the network holds for a client that reads none of them.
        string file = "device.id,posture.risk\nnew-1,5\n" + string.Concat(Enumerable.Range(0, 60_000).Select(i => $"bad-{i},high\n"));
        using (AsyncDuplexStreamingCall<ImportDevicesRequest, ImportDevicesResponse> call = pdp.DevicesAs("operator").ImportDevices())
        {
            await call.RequestStream.WriteAsync(new ImportDevicesRequest { Options = new ImportOptions { Format = ImportFormat.Csv, KeepGood = true } });
            foreach (char[] chunk in file.Chunk(100_000))
                await call.RequestStream.WriteAsync(new ImportDevicesRequest { Chunk = Google.Protobuf.ByteString.CopyFromUtf8(new string(chunk)) });
            await call.RequestStream.CompleteAsync();
            await RunningPdp.Eventually(async () => await pdp.DevicesAs("operator").GetRegistryStatusAsync(new GetRegistryStatusRequest()), status => status.Devices == 5);
        }

        AuditRecord[] records = await RunningPdp.Eventually(() => Records(pdp), found => found.Count(record => record.DeviceChange is not null) == 2);
        AuditDeviceChange imported = records.Last(record => record.DeviceChange is not null).DeviceChange;
        Assert.That((imported.Verb, imported.Detail, imported.Version), Is.EqualTo(("import", "1 good, 1 changed, 60000 faults", 5UL)));
        Assert.That(imported.DevicesSha256.ToByteArray(), Is.EqualTo(SHA256.HashData("new-1 5\n"u8)));
        Assert.That(imported.FileSha256.ToByteArray(), Is.EqualTo(SHA256.HashData(Encoding.UTF8.GetBytes(file))));
    }

    [Test]
    public async Task What_operators_do_is_recorded_with_what_it_was_about_and_why_before_they_are_answered()
    {
        await using RunningPdp pdp = await StartAsync(Durable);
        string head = pdp.Git.Head;
        PolicyService.PolicyServiceClient policies = pdp.PoliciesAs("operator");
        await policies.PinAsync(new PinRequest { ExpectedActive = head, Reason = "holidays" });
        Assert.That(pdp.Trail.Log!.State.Waiting, Is.Zero, "what was answered is on disk");
        await policies.PinAsync(new PinRequest { ExpectedActive = head, Reason = "longer holidays" });
        await Assert.ThrowsAsync<RpcException>(async () => await policies.PromoteAsync(new PromoteRequest { ExpectedActive = head, CommitId = head[..12], Reason = " ticket 4711 " }));
        await Assert.ThrowsAsync<RpcException>(async () => await policies.SetStageAsync(new SetStageRequest { ExpectedActive = head, Stage = RolloutStage.Shadow, Reason = "ticket 4712" }));
        await Assert.ThrowsAsync<RpcException>(async () => await policies.AcceptHistoryAsync(new AcceptHistoryRequest { ExpectedActive = head, CommitId = head, Reason = "ticket 4713" }));
        await policies.UnpinAsync(new UnpinRequest { ExpectedActive = head, Reason = "the holidays are over" });
        DeviceService.DeviceServiceClient devices = pdp.DevicesAs("operator");
        for (int i = 0; i < 2; i++)
            await devices.SetDeviceRiskAsync(new SetDeviceRiskRequest { Id = "sensor-1", Risk = 90, Reason = "seen in the dark" });
        await devices.DeleteDeviceAsync(new DeleteDeviceRequest { Id = "sensor-1", Reason = "scrapped" });

        AuditRecord[] records = await Records(pdp);
        AuditOperation[] operations = [.. records.Select(record => record.Operation).OfType<AuditOperation>()];
        AuditDeviceChange[] changes = [.. records.Select(record => record.DeviceChange).OfType<AuditDeviceChange>().Where(change => change.Verb != "import")];
        Assert.Multiple(() =>
        {
            Assert.That(operations.Select(asked => (asked.Detail, asked.Reason, asked.CommitId, asked.ExpectedActive, asked.Done)), Is.EqualTo(new[]
            {
                ("pin", "holidays", "", head, true),
                ("pin in place of that by spiffe://dev.policym2m.example/operator/dev: holidays", "longer holidays", "", head, true),
                ($"promote: {head[..12]} is pinned by spiffe://dev.policym2m.example/operator/dev: longer holidays; `unpin` first", "ticket 4711", head[..12], head, false),
                ($"set the stage shadow: {head[..12]} is pinned by spiffe://dev.policym2m.example/operator/dev: longer holidays; `unpin` first", "ticket 4712", "", head, false),
                ($"accept a history: {head[..12]} is not the commit that was refused for its history; the status names it", "ticket 4713", head, head, false),
                ("unpin", "the holidays are over", "", head, true),
            }));
            Assert.That(changes.Select(change => (change.Verb, change.Reason)), Is.EqualTo(new[] { ("risk 90", "seen in the dark"), ("risk 90", "seen in the dark"), ("delete", "scrapped") }));
            Assert.That(changes[0].BeforeDigest, Is.Not.EqualTo(changes[0].AfterDigest).And.Not.Empty);
            Assert.That((changes[1].BeforeDigest, changes[1].AfterDigest, changes[2].BeforeDigest), Is.EqualTo((changes[0].AfterDigest, changes[0].AfterDigest, changes[0].AfterDigest)));
            Assert.That(changes[2].AfterDigest, Is.Empty);
        });
        Assert.That(M2MProcess.Run("audit", "show", pdp.Data.Audit).Output, Does.Contain("registry: risk 90, which changed nothing, because: seen in the dark")
            .And.Contain($"asked /policym2m.v1.PolicyService/Pin while {head[..12]} is active: pin, because: holidays"));
    }

    [Test]
    public async Task Auditors_get_records_and_proofs_that_hold()
    {
        await using RunningPdp pdp = await StartAsync(Durable);
        AuditService.AuditServiceClient auditor = AuditorOf(pdp);
        for (int i = 0; i < 5; i++)
            await pdp.DecisionsAs("device").DecideAsync(new DecideRequest());
        GetCheckpointResponse first = await RunningPdp.Eventually(async () => await auditor.GetCheckpointAsync(new GetCheckpointRequest()), checkpoint => checkpoint.Size >= 7);
        await pdp.DecisionsAs("device").DecideAsync(new DecideRequest());
        GetCheckpointResponse second = await RunningPdp.Eventually(async () => await auditor.GetCheckpointAsync(new GetCheckpointRequest()), checkpoint => checkpoint.Size > first.Size);

        var entries = new List<ListEntriesResponse>();
        using (AsyncServerStreamingCall<ListEntriesResponse> call = auditor.ListEntries(new ListEntriesRequest { From = 2, Limit = 3 }))
        {
            await foreach (ListEntriesResponse entry in call.ResponseStream.ReadAllAsync())
                entries.Add(entry);
        }
        GetInclusionProofResponse inclusion = await auditor.GetInclusionProofAsync(new GetInclusionProofRequest { Number = 3, Size = second.Size });
        GetInclusionProofResponse earlier = await auditor.GetInclusionProofAsync(new GetInclusionProofRequest { Number = 3, Size = 5 });
        GetConsistencyProofResponse consistency = await auditor.GetConsistencyProofAsync(new GetConsistencyProofRequest { Earlier = first.Size, Size = second.Size });
        Assert.Multiple(() =>
        {
            Assert.That(entries.Select(entry => (entry.Number, AuditRecord.Parser.ParseFrom(entry.Record).Number)), Is.EqualTo(new[] { (2UL, 2UL), (3UL, 3UL), (4UL, 4UL) }));
            Assert.That(Root(entries[1].Record.ToByteArray(), 3, (long)inclusion.Size, [.. inclusion.Hashes.Select(hash => hash.ToByteArray())]), Is.EqualTo(Convert.FromBase64String(second.Note.Split('\n')[2])));
            Assert.That(consistency.Hashes, Is.Not.Empty);
            Assert.That(earlier.Hashes, Has.Count.EqualTo(3), "also of a size of which no tile is left");
        });
        Assert.That((await Assert.ThrowsAsync<RpcException>(async () => await auditor.GetInclusionProofAsync(new GetInclusionProofRequest { Number = 1_000 })))!.StatusCode, Is.EqualTo(StatusCode.OutOfRange));
    }

    [Test]
    public async Task What_somebody_changed_in_the_log_of_a_server_that_is_down_is_found_and_it_does_not_write_on()
    {
        await using RunningPdp pdp = await StartAsync(new AuditOptions());
        await pdp.DecisionsAs("device").DecideAsync(new DecideRequest());
        await pdp.StopServerAsync();
        FinishedProcess sound = M2MProcess.Run("audit", "verify", pdp.Data.Audit), shown = M2MProcess.Run("audit", "show", pdp.Data.Audit, "--device", "plc-0042");
        Assert.That((sound.ExitCode, shown.ExitCode), Is.EqualTo((0, 0)), sound.Error + shown.Error);
        Assert.That(sound.Output, Does.StartWith("sound: dev.policym2m.example/policym2m/audit/").And.Contain("name it with --key"));
        Assert.That(shown.Output, Does.Match("decided cipher-suites deny, auth deny, rotation allow by [0-9a-f]{12}  plc-0042  spiffe://dev.policym2m.example/device/plc-0042"));

        string bundle = Directory.EnumerateFiles(Path.Combine(pdp.Data.Audit, "tile/entries/000.p")).Single();
        byte[] bytes = File.ReadAllBytes(bundle);
        bytes[^5] ^= 1;
        File.WriteAllBytes(bundle, bytes);
        FinishedProcess changed = M2MProcess.Run("audit", "verify", pdp.Data.Audit);
        Assert.That((changed.ExitCode, changed.Output), Is.EqualTo((4, changed.Output)));
        Assert.That(changed.Output, Does.Match("wrong: record 3: the record was changed: it is not the one that was signed here  \\(tile/entries/000\\.p/4\\)"));

        string journal = Directory.EnumerateFiles(Path.Combine(pdp.Data.Audit, "journal")).Single();
        bytes = File.ReadAllBytes(journal);
        bytes[^5] ^= 1;
        File.WriteAllBytes(journal, bytes);
        StartupException? fault = await Assert.ThrowsAsync<StartupException>(() => pdp.StartServerAsync());
        Assert.That(fault!.Message, Does.Contain("the audit log cannot be kept").And.Contain("move it away, and keep it"));
    }

    [TestCase(UnwritableLog.Stops)]
    [TestCase(UnwritableLog.Sheds)]
    public async Task While_the_disk_is_full_nobody_is_answered_unless_it_may_shed(UnwritableLog whenUnwritable)
    {
        using var disk = SmallDisk.Mount();
        await using RunningPdp pdp = RunningPdp.Prepare();
        pdp.Git.Commit("Test policies", TestPolicies.Files());
        pdp.WriteRegistry(TestRegistry.Json);
        Directory.CreateSymbolicLink(pdp.Data.Audit, Directory.CreateDirectory(Path.Combine(disk.Path, "log")).FullName);
        await pdp.StartServerAsync(pdp.Options() with { Audit = Durable with { WhenUnwritable = whenUnwritable } });
        DecisionService.DecisionServiceClient device = pdp.DecisionsAs("device");
        await device.DecideAsync(new DecideRequest());
        disk.Fill();
        StatusCode code = StatusCode.OK;
        for (int i = 0; i < 2_000 && code == StatusCode.OK && pdp.Trail.Log!.State.Fault is null; i++)
            code = await CodeOf(device);

        if (whenUnwritable == UnwritableLog.Stops)
        {
            Assert.That((await CodeOf(device), code), Is.EqualTo((StatusCode.Unavailable, StatusCode.Unavailable)));
            Assert.That(await Refusals(pdp), Is.EqualTo((StatusCode.Unavailable, StatusCode.Unavailable, HttpStatusCode.ServiceUnavailable)));
            Assert.That(await pdp.HealthAsync(), Is.EqualTo(Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus.NotServing));
            Assert.That(pdp.Log.Lines, Has.Some.StartsWith("Critical: the audit log cannot be written, so nobody is answered until it can: No space left on device"));
        }
        else
        {
            Assert.That((await CodeOf(device), code), Is.EqualTo((StatusCode.OK, StatusCode.OK)));
        }
        disk.MakeRoom();
        await RunningPdp.Eventually(() => CodeOf(device), answered => answered == StatusCode.OK && pdp.Trail.Log!.State.Fault is null);
        AuditRecord[] records = await Records(pdp);
        Assert.That(records.Sum(record => (long)(record.Loss?.Count ?? 0)), whenUnwritable == UnwritableLog.Sheds ? Is.EqualTo(pdp.Trail.Log!.State.Lost).And.Positive : Is.Zero);
    }

    /// <summary>What else a device gets: a bundle, a place for its report, and a decision by JSON.</summary>
    internal static async Task<(StatusCode Bundle, StatusCode Report, HttpStatusCode Json)> Refusals(RunningPdp pdp)
    {
        DecisionService.DecisionServiceClient device = pdp.DecisionsAs("device");
        using AsyncServerStreamingCall<GetBundleResponse> bundle = device.GetBundle(new GetBundleRequest());
        RpcException? noBundle = await Assert.ThrowsAsync<RpcException>(async () => await bundle.ResponseStream.MoveNext(CancellationToken.None));
        RpcException? noReport = await Assert.ThrowsAsync<RpcException>(async () => await device.ReportRotationAsync(new ReportRotationRequest { Rotation = RotationReportTests.Rotation() }));
        using X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(pdp.Data.Certificate("device"), pdp.Data.Key("device"));
        using var http = new HttpClient(RunningPdp.Handler(pdp.Data, certificate)) { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using HttpResponseMessage json = await http.PostAsync(pdp.Address + "/v1/decide", new StringContent("{}", System.Text.Encoding.UTF8, "application/json"));
        return (noBundle!.StatusCode, noReport!.StatusCode, json.StatusCode);
    }

    [Test]
    public async Task A_server_that_is_killed_loses_no_answer_that_it_gave(CancellationToken cancellationToken)
    {
        using var git = new TemporaryGitRepository();
        git.Commit("Policies", TestPolicies.Files());
        using var folder = new TemporaryFolder();
        for (int round = 0, before = 0; round < 3; round++)
        {
            using RunningProcess process = RunningProcess.Start("dotnet", [typeof(PdpOptions).Assembly.Location, "--git", git.Path, "--data", folder["data"], "--listen", "127.0.0.1:0", "--audit", "durable", "--rate", "100000"], folder.Path);
            string address = (await process.NextLineAsync(line => line.Contains("listening on", StringComparison.Ordinal), "address")).Trim().Split(' ')[2];
            var data = new DataFolder(folder["data"]);
            using X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(data.Certificate("device"), data.Key("device"));
            using Grpc.Net.Client.GrpcChannel channel = RunningPdp.Channel(data, address, certificate);
            var device = new DecisionService.DecisionServiceClient(channel);
            int answered = 0;
            Task[] asking = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
            {
                while (!cancellationToken.IsCancellationRequested)
                {
                    try
                    {
                        // Signed, which is remembered: of many answers all but the first take that way.
                        await device.DecideAsync(new DecideRequest { Form = DecisionForm.Signed }, cancellationToken: cancellationToken);
                        Interlocked.Increment(ref answered);
                    }
                    catch (RpcException)
                    {
                        return;
                    }
                }
            }, cancellationToken))];
            while (Volatile.Read(ref answered) < 200)
                await Task.Delay(5, cancellationToken);
            await process.KillAsync();
            await Task.WhenAll(asking);

            // The next start takes what stands in the journal, and every answer is among it.
            using (ECDsa key = AuditKey.Open(data.AuditKey))
                await AuditLog.Open(new AuditLogOptions(data.Audit, "x", key, _ => throw new InvalidOperationException())).DisposeAsync();
            int decided = Kept(data).Count(record => record.Decisions is not null);
            Assert.That(decided - before, Is.GreaterThanOrEqualTo(answered), $"round {round}");
            before = decided;
            FinishedProcess verified = M2MProcess.Run("audit", "verify", data.Audit);
            Assert.That(verified.ExitCode, Is.Zero, verified.Output);
        }
    }

    private static Task<RunningPdp> StartAsync(AuditOptions audit) => RunningPdp.StartAsync(change: options => options with { Audit = audit });

    internal static AuditService.AuditServiceClient AuditorOf(RunningPdp pdp) => new(pdp.Channel(TestCertificates.Issue(pdp.Data, ["spiffe://dev.policym2m.example/auditor/dev"])));

    internal static async Task<StatusCode> CodeOf(DecisionService.DecisionServiceClient device)
    {
        try
        {
            await device.DecideAsync(new DecideRequest());
            return StatusCode.OK;
        }
        catch (RpcException refusal)
        {
            return refusal.StatusCode;
        }
    }

    /// <summary>Everything that a checkpoint covers, once it covers all there is, and nothing is in line.</summary>
    internal static async Task<AuditRecord[]> Records(RunningPdp pdp)
    {
        await RunningPdp.Eventually(() => Task.FromResult(pdp.Trail.Log!.State), state => state.Published == state.Size && state.Waiting == 0);
        return Kept(pdp.Data);
    }

    private static AuditRecord[] Kept(DataFolder data)
    {
        var reader = new AuditLogReader(data.Audit);
        return [.. reader.ReadEntries(0, reader.ReadCheckpoint().Size).Select(entry => AuditRecord.Parser.ParseFrom(entry.Record.Span))];
    }

    /// <summary>The root that a record and a proof of it give, by RFC 9162, section 2.1.3.2.</summary>
    private static byte[] Root(byte[] record, long number, long size, byte[][] proof)
    {
        byte[] hash = SHA256.HashData([0, .. record]);
        long node = number, last = size - 1;
        foreach (byte[] sibling in proof)
        {
            if ((node & 1) == 1 || node == last)
            {
                hash = SHA256.HashData([1, .. sibling, .. hash]);
                while ((node & 1) == 0 && node != 0)
                    (node, last) = (node >> 1, last >> 1);
            }
            else
            {
                hash = SHA256.HashData([1, .. hash, .. sibling]);
            }
            (node, last) = (node >> 1, last >> 1);
        }
        return hash;
    }
}
