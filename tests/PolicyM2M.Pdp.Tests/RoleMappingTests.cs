using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Health.V1;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>Who is who over real connections, by a roles file and the bundles of several trust domains.</summary>
[TestFixture]
[CancelAfter(120_000)]
public sealed class RoleMappingTests
{
    private const string Roles = """
        {
          "roles": [
            { "match": "spiffe://dev.policym2m.example/fleet/*/{name}", "role": "device" },
            { "match": "spiffe://dev.policym2m.example/device/{name}", "role": "device" },
            { "match": "spiffe://partner.example/{name}", "role": "device", "name": "{name}" },
            { "match": "dns:ops.plant-7.example", "trust": "plant-7.example", "role": "operator" },
            { "match": "dns:{name}.plant-7.example", "trust": "plant-7.example", "role": "device", "name": "{name}" },
            { "match": "subject:CN={name},O=Plant 7", "trust": "plant-7.example", "role": "device", "name": "{name}" }
          ]
        }
        """;

    private RunningPdp _pdp = null!;
    private TestAuthority _own = null!, _plant7 = null!, _partner = null!;

    [SetUp]
    public async Task Start()
    {
        // The first start makes the server's own authority.
        _pdp = await RunningPdp.StartAsync();
        await _pdp.StopServerAsync();
        (_own, _plant7, _partner) = (TestAuthority.Load(_pdp.Data.Certificate("ca"), _pdp.Data.Key("ca")), TestAuthority.Root("Plant 7"), TestAuthority.Root("Partner"));
        Directory.CreateDirectory(_pdp.Data.Trust);
        File.WriteAllText(Path.Combine(_pdp.Data.Trust, "plant-7.example.pem"), _plant7.Pem);
        File.WriteAllText(Path.Combine(_pdp.Data.Trust, "partner.example.pem"), _partner.Pem);
        File.WriteAllText(_pdp.Data.Roles, Roles);
        await _pdp.StartServerAsync();
    }

    [TearDown]
    public async Task Stop()
    {
        await _pdp.DisposeAsync();
        _own.Dispose();
        _plant7.Dispose();
        _partner.Dispose();
    }

    [Test]
    public async Task Each_form_of_identity_becomes_the_device_that_the_file_says()
    {
        await AssertIs("plc-0042", _own.Issue(uris: ["spiffe://dev.policym2m.example/fleet/north/plc-0042"]));
        await AssertIs("plc-0042", _own.Issue(uris: ["spiffe://dev.policym2m.example/device/plc-0042"], dns: ["x.plant-9.example"]));
        await AssertIs("plc-0042", _partner.Issue(uris: ["spiffe://partner.example/plc-0042"]));
        await AssertIs("plc-0042", _plant7.Issue(dns: ["plc-0042.plant-7.example"]));
        await AssertIs("plc-0042", _plant7.Issue(dns: ["plc-0042.plant-7.example", "plc-0042.local"]));
        await AssertIs("plc-0042", _plant7.Issue("CN=plc-0042,O=Plant 7"));
        await AssertIs("sensor-1", _plant7.Issue(dns: ["sensor-1.plant-7.example"]));
    }

    [Test]
    public async Task A_name_counts_only_where_the_authority_of_its_domain_issued_it()
    {
        await AssertRefused(_partner.Issue(uris: ["spiffe://dev.policym2m.example/device/plc-0042"]), "it is of the trust domain dev.policym2m.example, and no authority of that domain issued it");
        await AssertRefused(_own.Issue(uris: ["spiffe://partner.example/plc-0042"]), "it is of the trust domain partner.example, and no authority of that domain issued it");
        await AssertRefused(_own.Issue(dns: ["plc-0042.plant-7.example"]), "it has 0 URIs");
        await AssertRefused(_own.Issue("CN=plc-0042,O=Plant 7"), "it has 0 URIs");
        using TestAuthority impostor = TestAuthority.Root("Plant 7");
        await AssertRefused(impostor.Issue(dns: ["plc-0042.plant-7.example"]), "");
    }

    [Test]
    public async Task Whoever_would_be_two_callers_is_nobody()
    {
        await AssertRefused(_plant7.Issue(dns: ["plc-0042.plant-7.example", "sensor-1.plant-7.example"]), "it is both dns:plc-0042.plant-7.example of plant-7.example and dns:sensor-1");
        await AssertRefused(_plant7.Issue("CN=plc-0042,O=Plant 7", dns: ["plc-0042.plant-7.example"]), "it is both dns:plc-0042.plant-7.example of plant-7.example and subject:CN=plc-0042,O=Plant 7");
        await AssertRefused(_own.Issue(uris: ["spiffe://dev.policym2m.example/device/a", "spiffe://dev.policym2m.example/device/b"]), "it has 2 URIs");
    }

    [Test]
    public async Task Names_with_a_prefix_are_those_of_its_trust_domain_alone()
    {
        Write(Roles.Replace("\"role\": \"device\", \"name\": \"{name}\" },\n    { \"match\": \"dns:ops", "\"role\": \"device\", \"name\": \"plc-{name}\" },\n    { \"match\": \"dns:ops", StringComparison.Ordinal));
        // Refused by the new file alone: by the old one the others may connect as well.
        await RunningPdp.Eventually(() => Status(_own.Issue(uris: ["spiffe://dev.policym2m.example/device/plc-0042"])), status => status != StatusCode.OK);
        await AssertIs("plc-0042", _partner.Issue(uris: ["spiffe://partner.example/0042"]));
        await AssertRefused(_own.Issue(uris: ["spiffe://dev.policym2m.example/device/plc-0042"]),
            "spiffe://dev.policym2m.example/device/plc-0042 would be called plc-0042, and names that begin with plc- are those of partner.example by the roles file");
        // An entry that says that its names have no prefix does not say that it may issue those of another's.
        await AssertRefused(_plant7.Issue(dns: ["plc-0042.plant-7.example"]),
            "dns:plc-0042.plant-7.example of plant-7.example would be called plc-0042, and names that begin with plc- are those of partner.example by the roles file");
        await AssertIs("sensor-1", _own.Issue(uris: ["spiffe://dev.policym2m.example/device/sensor-1"]));
    }

    [Test]
    public async Task A_file_takes_the_place_of_the_mapping_that_is_built_in()
    {
        using X509Certificate2 gateway = _own.Issue(uris: ["spiffe://dev.policym2m.example/gateway/gw-plant7"]);
        Assert.That(await Status(gateway), Is.EqualTo(StatusCode.PermissionDenied));
        using X509Certificate2 operators = _plant7.Issue(dns: ["ops.plant-7.example"]);
        await new PolicyService.PolicyServiceClient(_pdp.Channel(operators)).GetStatusAsync(new GetStatusRequest());
    }

    [Test]
    public async Task A_file_that_changes_counts_for_the_next_call_of_a_connection_that_is_open()
    {
        using X509Certificate2 certificate = _plant7.Issue(dns: ["plc-0042.plant-7.example"]);
        var health = new Health.HealthClient(_pdp.Channel(certificate));
        await health.CheckAsync(new HealthCheckRequest());

        Write(Roles.Replace("\"dns:{name}.plant-7.example\", \"trust\": \"plant-7.example\", \"role\": \"device\"",
            "\"dns:{name}.plant-8.example\", \"trust\": \"plant-7.example\", \"role\": \"device\"", StringComparison.Ordinal));
        await RunningPdp.Eventually(() => StatusOf(health), status => status == StatusCode.Unauthenticated);
        Assert.That(_pdp.Log.Lines, Has.Some.Matches("^Warning: denied /grpc.health.v1.Health/Check to dns:plc-0042.plant-7.example of plant-7.example: it has 0 URIs"));

        Write(Roles);
        await RunningPdp.Eventually(() => StatusOf(health), status => status == StatusCode.OK);
    }

    [Test]
    public async Task A_watch_ends_with_what_a_new_call_would_get_when_its_caller_may_no_longer_watch()
    {
        const string Device = "\"dns:{name}.plant-7.example\", \"trust\": \"plant-7.example\", \"role\": \"device\"";
        await Ends(Roles.Replace(Device, Device.Replace("device", "auditor", StringComparison.Ordinal), StringComparison.Ordinal), StatusCode.PermissionDenied);
        await Ends(Roles.Replace(Device, Device.Replace("{name}.plant-7", "{name}.plant-8", StringComparison.Ordinal), StringComparison.Ordinal), StatusCode.Unauthenticated);

        // Nothing else happens that would wake a watch.
        async Task Ends(string roles, StatusCode status)
        {
            CancellationToken cancel = TestContext.CurrentContext.CancellationToken;
            using X509Certificate2 certificate = _plant7.Issue(dns: ["plc-0042.plant-7.example"]);
            var client = new DecisionService.DecisionServiceClient(_pdp.Channel(certificate));
            Write(Roles);
            await RunningPdp.Eventually(async () => await Decided(client), status => status == StatusCode.OK);
            using AsyncServerStreamingCall<WatchResponse> watch = client.Watch(new WatchRequest(), cancellationToken: cancel);
            using AsyncDuplexStreamingCall<WatchDevicesRequest, WatchDevicesResponse> devices = client.WatchDevices(cancellationToken: cancel);
            await devices.RequestStream.WriteAsync(new WatchDevicesRequest { Added = { "plc-0042" } }, cancel);
            Assert.That(await watch.ResponseStream.MoveNext(cancel) && await devices.ResponseStream.MoveNext(cancel));

            Write(roles);
            Assert.That((await Assert.ThrowsAsync<RpcException>(() => watch.ResponseStream.MoveNext(cancel)))!.StatusCode, Is.EqualTo(status));
            Assert.That((await Assert.ThrowsAsync<RpcException>(() => devices.ResponseStream.MoveNext(cancel)))!.StatusCode, Is.EqualTo(status));
            Assert.That(await Decided(client), Is.EqualTo(status));
        }

        static async Task<StatusCode> Decided(DecisionService.DecisionServiceClient client)
        {
            try
            {
                await client.DecideAsync(new DecideRequest());
                return StatusCode.OK;
            }
            catch (RpcException refusal)
            {
                return refusal.StatusCode;
            }
        }
    }

    [Test]
    public async Task A_file_behind_a_link_counts_when_what_it_leads_to_changes_even_where_time_and_length_do_not()
    {
        using X509Certificate2 certificate = _plant7.Issue(dns: ["plc-0042.plant-7.example"]);
        var health = new Health.HealthClient(_pdp.Channel(certificate));
        string target = Path.Combine(_pdp.Data.Path, "roles-of-the-plant.json");
        Mount(Roles);
        File.Delete(_pdp.Data.Roles);
        File.CreateSymbolicLink(_pdp.Data.Roles, target);
        Assert.That(await StatusOf(health), Is.EqualTo(StatusCode.OK));

        Mount(Roles.Replace("\"dns:{name}.plant-7.example\"", "\"dns:{name}.plant-8.example\"", StringComparison.Ordinal));
        await RunningPdp.Eventually(() => StatusOf(health), status => status == StatusCode.Unauthenticated);

        void Mount(string roles)
        {
            File.WriteAllText(target + ".new", roles);
            File.SetLastWriteTimeUtc(target + ".new", DateTime.UnixEpoch);
            File.Move(target + ".new", target, overwrite: true);
        }
    }

    [Test]
    public async Task A_file_with_a_fault_or_none_changes_nothing_but_the_log()
    {
        using X509Certificate2 certificate = _plant7.Issue(dns: ["plc-0042.plant-7.example"]);
        Write(Roles.Replace("\"operator\"", "\"root\"", StringComparison.Ordinal));
        await RunningPdp.Eventually(() => Task.FromResult(_pdp.Log.Lines), lines => lines.Any(line => line.Contains("roles.json:6:", StringComparison.Ordinal)));
        Assert.That(await Status(certificate), Is.EqualTo(StatusCode.OK));

        File.Delete(_pdp.Data.Roles);
        await RunningPdp.Eventually(() => Task.FromResult(_pdp.Log.Lines), lines => lines.Any(line => line.EndsWith("roles.json is missing", StringComparison.Ordinal)));
        Assert.That(await Status(certificate), Is.EqualTo(StatusCode.OK));
    }

    [Test]
    public async Task A_trust_domain_that_is_taken_away_takes_its_callers_along()
    {
        using X509Certificate2 certificate = _partner.Issue(uris: ["spiffe://partner.example/plc-0042"]), ours = _own.Issue(uris: ["spiffe://dev.policym2m.example/device/plc-0042"]);
        (Health.HealthClient theirs, Health.HealthClient stays) = (new(_pdp.Channel(certificate)), new(_pdp.Channel(ours)));
        Assert.That((await StatusOf(theirs), await StatusOf(stays)), Is.EqualTo((StatusCode.OK, StatusCode.OK)));

        File.Delete(Path.Combine(_pdp.Data.Trust, "partner.example.pem"));

        await RunningPdp.Eventually(() => StatusOf(theirs), status => status == StatusCode.Unauthenticated);
        Assert.That(await StatusOf(stays), Is.EqualTo(StatusCode.OK));
    }

    [Test]
    public async Task A_server_does_not_start_with_a_roles_file_that_has_a_fault()
    {
        await _pdp.StopServerAsync();
        Write("{ \"roles\": [ { \"match\": \"dns:*\" } ] }");
        Assert.That(async () => await _pdp.StartServerAsync(), Throws.TypeOf<StartupException>().With.Message.Contains("roles.json:1:14: an entry has `match` and `role`"));
        Assert.That(async () => await _pdp.StartServerAsync(_pdp.Options() with { Callers = new() { Roles = "nowhere.json" } }),
            Throws.TypeOf<StartupException>().With.Message.Contains("nowhere.json is missing"));
    }

    [Test]
    public async Task A_start_without_the_file_that_was_there_does_not_go_by_paths_again()
    {
        await _pdp.StopServerAsync();
        File.Delete(_pdp.Data.Roles);
        for (int start = 0; start < 2; start++)
        {
            StartupException? fault = await Assert.ThrowsAsync<StartupException>(() => _pdp.StartServerAsync());
            Assert.That((fault!.ExitCode, fault.Message), Is.EqualTo((1, $"the roles file {_pdp.Data.Roles} is missing, and there was one before: bring it back, or name it with `--roles FILE`; "
                + $"to go by the path of SPIFFE IDs again, remove {_pdp.Data.RolesRequired} too")));
        }

        File.WriteAllText(_pdp.Data.Roles, Roles);
        await _pdp.StartServerAsync();
        await _pdp.StopServerAsync();
        File.Delete(_pdp.Data.Roles);
        File.Delete(_pdp.Data.RolesRequired);
        Directory.CreateDirectory(_pdp.Data.Roles);
        Assert.That(async () => await _pdp.StartServerAsync(), Throws.TypeOf<StartupException>().With.Message.EndsWith("it is a folder, and a file is expected"));
        Directory.Delete(_pdp.Data.Roles);
        await _pdp.StartServerAsync();
        await _pdp.PoliciesAs("operator").GetStatusAsync(new GetStatusRequest());
    }

    [Test]
    public async Task Nor_without_one_that_came_while_the_server_ran_or_that_an_option_named()
    {
        foreach (bool isNamed in new[] { false, true })
        {
            await _pdp.StopServerAsync();
            File.Delete(_pdp.Data.Roles);
            File.Delete(_pdp.Data.RolesRequired);
            string named = Path.Combine(_pdp.Data.Path, "named.json");
            File.WriteAllText(named, Roles);
            await _pdp.StartServerAsync(isNamed ? _pdp.Options() with { Callers = new() { Roles = named } } : null);
            if (!isNamed)
                Write(Roles);
            await RunningPdp.Eventually(() => Task.FromResult(File.Exists(_pdp.Data.RolesRequired)), isThere => isThere);
            await _pdp.StopServerAsync();
            File.Delete(_pdp.Data.Roles);
            Assert.That(async () => await _pdp.StartServerAsync(), Throws.TypeOf<StartupException>().With.Message.Contains("is missing, and there was one before"));
            File.WriteAllText(_pdp.Data.Roles, Roles);
            await _pdp.StartServerAsync();
        }
    }

    private void Write(string roles)
    {
        // Together with the length, so that a file system of coarse times shows the change as well.
        File.WriteAllText(_pdp.Data.Roles + ".new", roles + new string('\n', _pdp.Log.Lines.Count % 50));
        File.Move(_pdp.Data.Roles + ".new", _pdp.Data.Roles, overwrite: true);
    }

    private async Task AssertIs(string device, X509Certificate2 certificate)
    {
        using (certificate)
        {
            var client = new DecisionService.DecisionServiceClient(_pdp.Channel(certificate));
            await client.DecideAsync(new DecideRequest { DeviceId = device });
            Assert.That(async () => await client.DecideAsync(new DecideRequest { DeviceId = "plc-0099" }),
                Throws.TypeOf<RpcException>().With.Property(nameof(RpcException.StatusCode)).EqualTo(StatusCode.PermissionDenied));
        }
    }

    private async Task AssertRefused(X509Certificate2 certificate, string reason)
    {
        using (certificate)
        {
            Assert.That(await Status(certificate), Is.EqualTo(StatusCode.Unavailable).Or.EqualTo(StatusCode.Internal));
            Assert.That(_pdp.Log.Lines, Has.Some.StartsWith($"Warning: refused the client certificate of SHA-1 thumbprint {certificate.Thumbprint}: {reason}"));
        }
    }

    private Task<StatusCode> Status(X509Certificate2 certificate) => StatusOf(new Health.HealthClient(_pdp.Channel(certificate)));

    private static async Task<StatusCode> StatusOf(Health.HealthClient client)
    {
        try
        {
            await client.CheckAsync(new HealthCheckRequest());
            return StatusCode.OK;
        }
        catch (RpcException refusal)
        {
            return refusal.StatusCode;
        }
    }
}
