using PolicyM2M.Enforcement.Attributes;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Testing;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>Where a device learns of itself.</summary>
internal sealed class AttributeSourceTests
{
    [Test]
    public async Task The_first_source_counts_and_only_what_is_needed_is_said()
    {
        using var folder = new TemporaryFolder();
        string first = folder.Write("first.json", """{ "device.type": "plc", "shoe.size": 43 }"""), second = folder.Write("second.json", """{ "device": { "type": "sensor" }, "os.type": "mine" }""");
        using var attributes = new DeviceAttributes([new JsonFileSource(first), new JsonFileSource(second), new OsFactsSource()]);
        DeviceContext context = await attributes.ReadAsync(new HashSet<string> { "device.type", "os.type", "host.arch" });
        Assert.That(context.Values.Keys, Is.EqualTo(new[] { "device.type", "host.arch", "os.type" }));
        Assert.That((context.Values["device.type"].Text, context.Values["os.type"].Text, attributes.Readings["host.arch"].Source), Is.EqualTo(("plc", "mine", "operating system")));
    }

    [Test]
    public async Task What_a_source_said_counts_while_it_fails_and_until_it_is_too_old()
    {
        using var folder = new TemporaryFolder();
        var time = new ManualTime();
        var faults = new List<string>();
        string path = folder.Write("facts.json", """{ "device.type": "plc" }""");
        using var attributes = new DeviceAttributes([new JsonFileSource(path)], time, faults.Add);
        await attributes.ReadAsync();
        await File.WriteAllTextAsync(path, "{");
        time.Advance(TimeSpan.FromMinutes(4));
        time.SetBy(TimeSpan.FromDays(-1));
        Assert.That((await attributes.ReadAsync()).Values, Has.Count.EqualTo(1));
        Assert.That(attributes.Readings["device.type"].ReadAt, Is.EqualTo(time.Start));
        Assert.That(faults.Single(), Does.StartWith($"{path}: not JSON"));
        time.Advance(TimeSpan.FromMinutes(2));
        Assert.That((await attributes.ReadAsync()).Values, Is.Empty, "nobody knows any more, so the strictest holds");
    }

    [TestCase("it ended with the exit code 3", "exit 3")]
    [TestCase("it took longer than 2 s", "sleep 60")]
    [TestCase("it printed more than 262144 bytes", "cat /dev/zero")]
    [TestCase("what it printed is not JSON", "echo hello")]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void A_program_that_fails_says_nothing(string expected, string command) =>
        Assert.That(async () => await new CommandSource("/bin/sh", "-c", command) { TimeLimit = TimeSpan.FromSeconds(2) }.ReadAsync(null, CancellationToken.None), Throws.TypeOf<AttributeSourceException>().With.Message.StartsWith(expected));

    [Test]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public async Task A_program_that_prints_an_object_is_believed_and_hears_no_secrets()
    {
        Environment.SetEnvironmentVariable("POLICYM2M_TEST_SECRET", "hidden");
        DeviceContext context = await new CommandSource("/bin/sh", "-c", "printf '{ \"posture.note\": \"%s\" }' \"$POLICYM2M_TEST_SECRET\"").ReadAsync(null, CancellationToken.None);
        Assert.That(context.Values["posture.note"].Text, Is.Empty);
        Assert.That(async () => await new CommandSource("/nowhere/at-all").ReadAsync(null, CancellationToken.None), Throws.TypeOf<AttributeSourceException>().With.Message.StartsWith("it cannot be started"));
    }

    [Test]
    public async Task The_operating_system_speaks_the_words_of_the_standard_schema()
    {
        DeviceContext facts = await new OsFactsSource().ReadAsync(null, CancellationToken.None);
        Assert.That(facts.Values.Keys, Is.EqualTo(new[] { "boot.uptime", "host.arch", "os.type", "os.version" }));
        Assert.That(facts.Values["os.version"].Text, Does.Match(@"^\d+\.\d+\.\d+$"));
    }
}
