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
        using var attributes = new DeviceAttributes([new JsonFileSource(path)], time, (source, fault) => faults.Add($"{source}: {fault ?? "well"}"));
        await attributes.ReadAsync();
        await File.WriteAllTextAsync(path, "{");
        time.Advance(TimeSpan.FromMinutes(4));
        time.SetBy(TimeSpan.FromDays(-1));
        Assert.That((await attributes.ReadAsync()).Values, Has.Count.EqualTo(1));
        Assert.That(attributes.Readings["device.type"].ReadAt, Is.EqualTo(time.Start));
        Assert.That(faults.Single(), Does.StartWith($"{path}: not JSON"));
        time.Advance(TimeSpan.FromMinutes(2));
        Assert.That((await attributes.ReadAsync()).Values, Is.Empty, "nobody knows any more, so the strictest holds");
        Assert.That(faults, Has.Count.EqualTo(1), "it is told when it begins");
        await File.WriteAllTextAsync(path, """{ "device.type": "plc" }""");
        Assert.That((await attributes.ReadAsync()).Values, Has.Count.EqualTo(1));
        Assert.That(faults[1..], Is.EqualTo(new[] { $"{path}: well" }));
    }

    [Test]
    public async Task What_was_said_grows_old_also_where_nobody_reads()
    {
        using var folder = new TemporaryFolder();
        var time = new ManualTime();
        using var attributes = new DeviceAttributes([new JsonFileSource(folder.Write("facts.json", """{ "device.type": "plc" }"""))], time);
        await attributes.ReadAsync();
        time.Advance(TimeSpan.FromMinutes(4));
        Assert.That(attributes.Known().Values, Has.Count.EqualTo(1));
        time.Advance(TimeSpan.FromMinutes(2));
        Assert.That(attributes.Known().Values, Is.Empty);
    }

    [Test]
    public async Task A_source_that_hangs_holds_up_no_other_and_is_not_asked_again_before_it_answers()
    {
        using var folder = new TemporaryFolder();
        var hanging = new HangingSource();
        var faults = new List<string?>();
        using var attributes = new DeviceAttributes([hanging, new JsonFileSource(folder.Write("facts.json", """{ "device.type": "plc" }"""))], onFault: (_, fault) => faults.Add(fault))
        {
            LongestWait = TimeSpan.FromMilliseconds(50),
        };
        for (int i = 0; i < 3; i++)
            Assert.That((await attributes.ReadAsync()).Values.Keys, Is.EqualTo(new[] { "device.type" }));
        Assert.That(hanging.Asked, Is.EqualTo(1));
        Assert.That(faults, Is.EqualTo(new[] { "it did not answer within 0.05 s" }));
        hanging.Answer.SetResult(DeviceContext.Empty.With("os.type", AttributeValue.Of("mine")));
        // The one that was waited for ends first, on a thread of its own.
        while (!(await attributes.ReadAsync()).Values.ContainsKey("os.type"))
            await Task.Delay(10);
        Assert.That(faults, Is.EqualTo(new[] { "it did not answer within 0.05 s", null }));
    }

    [Test]
    public async Task A_source_or_a_listener_that_has_a_mistake_silences_no_other_source()
    {
        using var folder = new TemporaryFolder();
        var faults = new List<string?>();
        var broken = new HangingSource();
        broken.Answer.SetException(new InvalidOperationException("a defect"));
        using var attributes = new DeviceAttributes([broken, new JsonFileSource(folder.Write("facts.json", """{ "device.type": "plc" }"""))], onFault: (_, fault) =>
        {
            faults.Add(fault);
            throw new InvalidOperationException("the log is full");
        });
        Assert.That((await attributes.ReadAsync()).Values.Keys, Is.EqualTo(new[] { "device.type" }));
        Assert.That(faults, Is.EqualTo(new[] { "it failed: a defect" }));
    }

    [Test]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public async Task What_is_no_ordinary_file_is_not_read_nor_is_one_too_large_behind_a_link()
    {
        using var folder = new TemporaryFolder();
        FinishedProcess.Run("mkfifo", [folder["pipe"]]).Succeeded();
        File.CreateSymbolicLink(folder["to-pipe"], "pipe");
        File.CreateSymbolicLink(folder["to-zero"], "/dev/zero");
        File.CreateSymbolicLink(folder["to-large"], folder.Write("large", new string(' ', (256 << 10) + 1)));
        foreach (string name in new[] { "pipe", "to-pipe", "to-zero" })
            await FailsAsync(name, "it is no ordinary file");
        await FailsAsync("to-large", "it has more than 262144 bytes");

        Task FailsAsync(string name, string why) => Assert.ThatAsync(async () => await new JsonFileSource(folder[name]).ReadAsync(null, CancellationToken.None), Throws.TypeOf<AttributeSourceException>().With.Message.EqualTo($"it cannot be read: {folder[name]}: {why}"));
    }

    [Test]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public async Task A_file_behind_a_link_is_read()
    {
        using var folder = new TemporaryFolder();
        folder.Write("facts.json", """{ "device.type": "plc" }""");
        File.CreateSymbolicLink(folder["current.json"], "facts.json");
        Assert.That((await new JsonFileSource(folder["current.json"]).ReadAsync(null, CancellationToken.None)).Values.Keys, Is.EqualTo(new[] { "device.type" }));
    }

    [Test]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public async Task What_a_program_left_behind_keeps_nobody_waiting_for_its_last_words() =>
        Assert.That((await new CommandSource("/bin/sh", "-c", "sleep 30 & echo '{ \"device.type\": \"plc\" }'") { TimeLimit = TimeSpan.FromSeconds(20) }.ReadAsync(null, CancellationToken.None)).Values.Keys, Is.EqualTo(new[] { "device.type" }));

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

    [Test]
    public async Task Whoever_ends_a_reading_waits_for_what_the_sources_have_to_end()
    {
        var source = new TidySource();
        using var sources = new DeviceAttributes([source]);
        using var ending = new CancellationTokenSource();
        Task<DeviceContext> reading = sources.ReadAsync(cancellation: ending.Token);
        await source.Began.Task;
        await ending.CancelAsync();
        await Assert.ThatAsync(() => reading, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(source.IsTidy, Is.True);
    }

    /// <summary>Takes a moment to end, as one does that ends a program.</summary>
    private sealed class TidySource : IAttributeSource
    {
        public string Name => "tidy";

        public TaskCompletionSource Began { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsTidy { get; private set; }

        public async ValueTask<DeviceContext> ReadAsync(IReadOnlySet<string>? needed, CancellationToken cancellation)
        {
            try
            {
                Began.SetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellation);
                return DeviceContext.Empty;
            }
            finally
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), CancellationToken.None);
                IsTidy = true;
            }
        }
    }

    private sealed class HangingSource : IAttributeSource
    {
        public string Name => "hanging";

        public int Asked { get; private set; }

        public TaskCompletionSource<DeviceContext> Answer { get; } = new();

        public async ValueTask<DeviceContext> ReadAsync(IReadOnlySet<string>? needed, CancellationToken cancellation)
        {
            Asked++;
            return await Answer.Task;
        }
    }
}
