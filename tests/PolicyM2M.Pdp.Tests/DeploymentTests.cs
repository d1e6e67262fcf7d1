using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using PolicyM2M.Pdp.Identity.Mapping;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Pdp.Startup.Configuration;
using PolicyM2M.Testing;
using YamlDotNet.RepresentationModel;

namespace PolicyM2M.Pdp.Tests;

/// <summary>What <c>deploy/</c> has for those who run the server, held against the server and against each other.</summary>
[TestFixture]
public sealed partial class DeploymentTests
{
    private const int DeadlineOfCalls = 30;

    private static readonly string Folder = Path.GetFullPath(Path.Combine(ProjectFolder.Of(typeof(DeploymentTests).Assembly), "../../deploy"));

    private YamlMappingNode _config = null!, _set = null!, _pod = null!, _container = null!;

    [OneTimeSetUp]
    public void Read()
    {
        _config = Manifests("config.yaml").Single();
        _set = Manifests("statefulset.yaml").Single();
        _pod = Map(_set, "spec", "template", "spec");
        _container = (YamlMappingNode)((YamlSequenceNode)_pod["containers"]).Single();
    }

    [Test]
    public void The_configuration_of_the_cluster_is_one_that_the_server_takes()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("pdp.yaml", Options());
        RootCommand command = CommandLine.Describe();

        Assert.That(Settings.Read(command, command.Parse(["--config", file]), new Dictionary<string, string>()).Faults, Is.Empty);
        byte[] roles = System.Text.Encoding.UTF8.GetBytes(Text(_config, "data", "roles.json"));
        Assert.That(RoleMapReader.Read(roles, "roles.json", out IReadOnlyList<string> faults), Is.Not.Null, string.Join('\n', faults));
    }

    [Test]
    public void Every_file_that_the_configuration_names_is_mounted()
    {
        string[] mounts = [.. ((YamlSequenceNode)_container["volumeMounts"]).Select(mount => Text(mount, "mountPath"))];
        string[] volumes = [
            .. ((YamlSequenceNode)_pod["volumes"]).Select(volume => Text(volume, "name")),
            .. ((YamlSequenceNode)_set["spec"]["volumeClaimTemplates"]).Select(claim => Text(claim, "metadata", "name")),
        ];
        string[] paths = [.. Paths().Matches(Options()).Select(match => match.Value)];

        Assert.That(paths, Is.Not.Empty);
        Assert.That(paths.Where(path => !mounts.Any(mount => path == mount || path.StartsWith(mount + "/", StringComparison.Ordinal))), Is.Empty);
        Assert.That(((YamlSequenceNode)_container["volumeMounts"]).Select(mount => Text(mount, "name")), Is.EquivalentTo(volumes));
        Assert.That(paths.Where(path => path.StartsWith("/etc/policym2m/", StringComparison.Ordinal)).Select(Path.GetFileName),
            Is.SubsetOf(Map(_config, "data").Children.Keys.Select(key => ((YamlScalarNode)key).Value)));
    }

    [Test]
    public void Behind_the_balancer_of_the_cluster_one_address_may_have_all_connections() =>
        Assert.That(Option("connections-per-address"), Is.EqualTo(Option("connections")).And.Not.Empty);

    [Test]
    public void Revocation_lists_come_from_a_volume_that_changes_while_the_server_runs()
    {
        string[] lists = [.. Regex.Matches(Options(), @"(?m)^crl:\n((?:  - .*\n?)+)").SelectMany(match => Regex.Matches(match.Value, "/.*").Select(path => path.Value))];
        Assert.That(lists, Is.Not.Empty);

        foreach (string list in lists)
        {
            YamlMappingNode mount = ((YamlSequenceNode)_container["volumeMounts"]).Cast<YamlMappingNode>().Single(mount => Text(mount, "mountPath") == Path.GetDirectoryName(list));
            Assert.That(mount.Children.Keys.Select(key => ((YamlScalarNode)key).Value), Does.Not.Contain("subPath"));
            YamlNode volume = ((YamlSequenceNode)_pod["volumes"]).Single(volume => Text(volume, "name") == Text(mount, "name"));
            Assert.That(Text(volume, "configMap", "name"), Is.Not.EqualTo(Text(_config, "metadata", "name")), "whoever writes lists does not write the configuration");
        }
    }

    [Test]
    public void Probes_and_services_go_to_the_ports_at_which_the_server_listens()
    {
        var ports = ((YamlSequenceNode)_container["ports"]).ToDictionary(port => Text(port, "name"), port => Text(port, "containerPort"));

        Assert.That((ports["grpc"], ports["monitor"]), Is.EqualTo((Option("listen").Split(':')[1], Option("monitor").Split(':')[1])));
        Assert.That(new[] { "startupProbe", "livenessProbe", "readinessProbe" }.Select(probe => (Text(_container, probe, "httpGet", "path"), Text(_container, probe, "httpGet", "port"))),
            Is.EqualTo(new[] { ("/healthz", "monitor"), ("/healthz", "monitor"), ("/readyz", "monitor") }));
        Assert.That(Manifests("service.yaml").SelectMany(service => (YamlSequenceNode)service["spec"]["ports"]).Select(port => Text(port, "targetPort")), Has.All.EqualTo("grpc"));
        Assert.That(int.Parse(Text(_pod, "terminationGracePeriodSeconds"), CultureInfo.InvariantCulture),
            Is.GreaterThan(double.Parse(Option("drain"), CultureInfo.InvariantCulture) + DeadlineOfCalls), "what is killed while it drains drops calls");
    }

    [Test]
    public void All_manifests_speak_of_the_same_pods_and_the_list_of_them_is_whole()
    {
        string label = Text(_set, "spec", "template", "metadata", "labels", "app.kubernetes.io/name");
        string[] selected = [
            Text(_set, "spec", "selector", "matchLabels", "app.kubernetes.io/name"),
            Text(Manifests("disruption.yaml").Single(), "spec", "selector", "matchLabels", "app.kubernetes.io/name"),
            Text(Manifests("network.yaml").Single(), "spec", "podSelector", "matchLabels", "app.kubernetes.io/name"),
            .. Manifests("service.yaml").Select(service => Text(service, "spec", "selector", "app.kubernetes.io/name")),
        ];
        Assert.That(selected, Has.All.EqualTo(label));
        Assert.That(Manifests("service.yaml").Select(service => Text(service, "metadata", "name")), Does.Contain(Text(_set, "spec", "serviceName")));
        Assert.That(int.Parse(Text(_set, "spec", "replicas"), CultureInfo.InvariantCulture),
            Is.GreaterThan(int.Parse(Text(Manifests("disruption.yaml").Single(), "spec", "maxUnavailable"), CultureInfo.InvariantCulture)));
        Assert.That(((YamlSequenceNode)Manifests("kustomization.yaml").Single()["resources"]).Select(resource => ((YamlScalarNode)resource).Value),
            Is.EquivalentTo(Directory.EnumerateFiles(Path.Combine(Folder, "kubernetes")).Select(Path.GetFileName).Except(["kustomization.yaml"])));
    }

    [Test]
    public void The_container_has_no_rights_and_runs_as_the_user_of_the_image()
    {
        string image = File.ReadAllText(Path.Combine(Folder, "container/Dockerfile"));
        string user = Text(_pod, "securityContext", "runAsUser");

        Assert.That(
            (Text(_pod, "securityContext", "runAsNonRoot"), Text(_container, "securityContext", "readOnlyRootFilesystem"), Text(_container, "securityContext", "allowPrivilegeEscalation")),
            Is.EqualTo(("true", "true", "false")));
        Assert.That((Text(_pod, "automountServiceAccountToken"), Text(_pod, "enableServiceLinks")), Is.EqualTo(("false", "false")));
        Assert.That(((YamlSequenceNode)_container["securityContext"]["capabilities"]["drop"]).Select(capability => ((YamlScalarNode)capability).Value), Is.EqualTo(new[] { "ALL" }));
        Assert.That(image, Does.Contain($"\nUSER {user}:{Text(_pod, "securityContext", "runAsGroup")}\n").And.Contain($"{typeof(PdpOptions).Assembly.GetName().Name}.dll"));
        var names = new OptionNames(CommandLine.Describe());
        Assert.That(Variables().Matches(image).Select(match => match.Value).Where(variable => names.OfVariable(variable) is null), Is.Empty);
    }

    [Test]
    public void The_unit_is_one_that_systemd_takes_and_leaves_the_service_few_rights()
    {
        string analyze = new RequiredProgram("systemd-analyze", "systemd").Require();
        using var folder = new TemporaryFolder();
        // The runtime and the server are not installed where tests run; that they are elsewhere is all that is changed.
        string unit = folder.Write("policym2m-pdp.service", File.ReadAllText(Path.Combine(Folder, "systemd/policym2m-pdp.service"))
            .Replace("=/usr/bin/dotnet ", "=/bin/true ", StringComparison.Ordinal));

        FinishedProcess verified = FinishedProcess.Run(analyze, ["verify", "--man=no", unit]);
        Assert.That((verified.ExitCode, verified.Error), Is.EqualTo((0, "")));
        FinishedProcess secured = FinishedProcess.Run(analyze, ["security", "--offline=yes", "--threshold=20", unit]);
        Assert.That(secured.ExitCode, Is.Zero, secured.Output);
    }

    [Test]
    public void The_unit_gives_the_server_time_to_drain_and_options_that_it_has()
    {
        string unit = File.ReadAllText(Path.Combine(Folder, "systemd/policym2m-pdp.service"));
        Assert.That(int.Parse(Regex.Match(unit, @"(?m)^TimeoutStopSec=(\d+)$").Groups[1].Value, CultureInfo.InvariantCulture),
            Is.GreaterThan(SightOptions.UsualDrain.TotalSeconds + DeadlineOfCalls));
        string[] options = [.. CommandLine.Describe().Options.Select(option => option.Name)];
        Assert.That(Regex.Matches(unit, @"(?m)^Exec.*$").SelectMany(line => Regex.Matches(line.Value, "--[a-z-]+")).Select(match => match.Value).Distinct(),
            Is.SubsetOf(options).And.Not.Empty);
    }

    [Test]
    public void The_unit_checks_what_it_then_starts()
    {
        string unit = File.ReadAllText(Path.Combine(Folder, "systemd/policym2m-pdp.service"));
        string check = Command("ExecStartPre"), start = Command("ExecStart");
        Assert.That(start, Does.Contain(" --config ").And.Contain(" --data "));
        Assert.That(check, Is.EqualTo($"{start} --check-config"), "what is not given to the check is taken from elsewhere there: the data from below `/`, where a service may not write");

        string Command(string name) => Regex.Match(unit, $"(?m)^{name}=(.*)$").Groups[1].Value;
    }

    [Test]
    public void The_volume_of_the_cluster_has_room_for_the_records_that_its_configuration_says()
    {
        const double BytesOfRecord = 650, SecondsOfDay = 86_400;
        double bytes = double.Parse(Text(((YamlSequenceNode)_set["spec"]["volumeClaimTemplates"]).Single(), "spec", "resources", "requests", "storage").Replace("Gi", "", StringComparison.Ordinal), CultureInfo.InvariantCulture)
            * (1L << 30);
        double days = double.Parse(Option("audit-keep").TrimEnd('d'), CultureInfo.InvariantCulture);
        Assert.That(Options(), Does.Contain(string.Create(CultureInfo.InvariantCulture, $" {bytes / (days * SecondsOfDay * BytesOfRecord):0.0} records a second")));
        Assert.That(Options(), Does.Contain(string.Create(CultureInfo.InvariantCulture, $" {days * SecondsOfDay * BytesOfRecord / 1e9:0} GB")));
    }

    private string Options() => Text(_config, "data", "pdp.yaml");

    private string Option(string name) => Regex.Match(Options(), $"(?m)^{name}: (.*)$").Groups[1].Value;

    private static IEnumerable<YamlMappingNode> Manifests(string file)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(File.ReadAllText(Path.Combine(Folder, "kubernetes", file))));
        return stream.Documents.Select(document => (YamlMappingNode)document.RootNode);
    }

    private static YamlMappingNode Map(YamlNode node, params string[] path) => (YamlMappingNode)path.Aggregate(node, (at, key) => at[key]);

    private static string Text(YamlNode node, params string[] path) => ((YamlScalarNode)path.Aggregate(node, (at, key) => at[key])).Value!;

    [GeneratedRegex(@"(?<=[ :])/(?!/)[\w./-]+")]
    private static partial Regex Paths();

    [GeneratedRegex("POLICYM2M_PDP_[A-Z_]+")]
    private static partial Regex Variables();
}
