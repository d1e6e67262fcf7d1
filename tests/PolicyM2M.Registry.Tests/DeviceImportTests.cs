using System.Text;
using PolicyM2M.Compiler;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Registry.Files;

namespace PolicyM2M.Registry.Tests;

/// <summary>What a file of devices may hold, and what is said of each place that it may not. In cases, <c>⏎</c> ends a line.</summary>
[TestFixture]
public sealed class DeviceImportTests
{
    private static readonly Decider Schema = new(PolicyCompiler.Compile(
    [
        new SourceFile("policyset.yaml", "name: fleet\nattributes: device.attributes.yaml\npolicies: [p.m2m]\n"),
        new SourceFile("device.attributes.yaml", """
            attributes:
              device.id: { type: string, provenance: registry, description: "The id." }
              device.type: { type: enum, values: [plc, sensor], provenance: claimed, description: "The class." }
              firmware.version: { type: version, provenance: claimed, description: "The firmware." }
              location.site: { type: string, provenance: registry, description: "The site." }
              lifecycle.state: { type: enum, values: [onboarding, active, quarantined, retired], provenance: registry, description: "The state." }
              posture.risk: { type: int, minimum: 0, maximum: 100, provenance: registry, description: "The risk." }
              safety.level: { type: int, minimum: 0, maximum: 4, provenance: registry, description: "The level." }
              boot.secure: { type: bool, provenance: attested, description: "Secure boot." }
              roles: { type: set, values: [reader, writer], provenance: registry, description: "The roles." }

            """),
        new SourceFile("p.m2m", "policy p\n\nauth { when boot.secure  use { mutual required  methods x509 }  otherwise  deny \"x\" }\n"),
    ]).Bundle!);

    private static readonly DeviceAttributes Expected = StoreWorld.Attributes(
        ("boot.secure", AttributeValue.Of(true)), ("device.type", AttributeValue.Of("plc")), ("firmware.version", AttributeValue.Of("2.4.0")),
        ("roles", AttributeValue.Of(["reader", "writer"])), ("safety.level", AttributeValue.Of(2)));

    [Test]
    public void Each_format_says_the_same_devices()
    {
        const string csv = "device.id,lifecycle.state,location.site,posture.risk,device.type,firmware.version,safety.level,boot.secure,roles\r\n"
            + "a-1,active,\"Werk \"\"Süd\"\", Halle 1\",20,plc,2.4.0,2,true,writer; reader\r\n\r\na-2,,,,,,,,\r\n";
        const string first = """
            "lifecycle.state": "active", "location": { "site": "Werk \"Süd\", Halle 1" }, "posture.risk": 20, "device": { "type": "plc" },
            "firmware.version": "2.4.0", "safety.level": 2, "boot.secure": true, "roles": ["writer", "reader", "reader"]
            """;
        string document = $$"""{ "devices": { "a-1": { "device.id": "a-1", {{first}} }, "a-2": { "device.type": null } } }""";
        string array = $$"""[ { "device.id": "a-1", {{first}} }, { "device.id": "a-2" } ]""";
        string lines = $$"""{ "device": { "id": "a-1" }, {{first.ReplaceLineEndings(" ")}} }""" + "\r\n\n" + """{ "device.id": "a-2" }""";

        foreach ((string text, ImportFormat format) in new[] { (csv, ImportFormat.Csv), ("\uFEFF" + csv, ImportFormat.Csv), (document, ImportFormat.Json), (array, ImportFormat.Json), (lines, ImportFormat.Json) })
        {
            DeviceImport import = Read(text, format);

            Assert.That((import.Faults.Length, import.Warnings.Length), Is.EqualTo((0, 0)), string.Join('\n', import.Faults));
            Assert.That(import.Devices.Select(device => device.Id), Is.EqualTo(new[] { "a-1", "a-2" }), text);
            Assert.That(import.Devices[0].Change, Is.EqualTo(new DeviceChange.Upsert(LifecycleState.Active, "Werk \"Süd\", Halle 1", 20, Expected)), text);
            Assert.That(import.Devices[1].Change, Is.EqualTo(new DeviceChange.Upsert(null, null, null, DeviceAttributes.None)), text);
        }
    }

    [TestCase("", "1:1 there is no first line with the names of attributes; expected one with `device.id`")]
    [TestCase("⏎⏎", "1:1 there is no first line with the names of attributes; expected one with `device.id`")]
    [TestCase("id,posture.risk⏎a,1⏎", "1:1 no column is named `device.id`; expected one with the ids of the devices")]
    [TestCase("device.id,posture.risk,posture.risk⏎a,1,1⏎", "1:24 `posture.risk` is named twice")]
    [TestCase("device.id,device type⏎a,plc⏎", "1:11 `device type` cannot be the name of an attribute; expected 1 to 128 letters, digits, `.`, `-` and `_`")]
    [TestCase("device.id,posture.risk⏎a,1⏎b⏎c,1,2⏎", "3:1 there is 1 value; expected 2, as the first line has names", "4:1 there are 3 values; expected 2, as the first line has names")]
    [TestCase("device.id,posture.risk⏎a,high⏎b,101⏎c,1.5⏎d,-1⏎", "2:3 `posture.risk` is `high`; expected a whole number", "3:3 101 is no risk; expected a whole number from 0 to 100",
        "4:3 `posture.risk` is `1.5`; expected a whole number", "5:3 -1 is no risk; expected a whole number from 0 to 100")]
    [TestCase("device.id,lifecycle.state⏎a,Active⏎", "2:3 `lifecycle.state` is \"Active\"; expected one of manufactured, onboarding, active, quarantined, retired")]
    [TestCase("device.id,lifecycle.state⏎a,manufactured⏎", "2:3 `lifecycle.state` is \"manufactured\"; expected one of `onboarding`, `active`, `quarantined`, `retired`")]
    [TestCase("device.id,boot.secure⏎a,yes⏎", "2:3 `boot.secure` is `yes`; expected true or false")]
    [TestCase("device.id,safety.level⏎a,9⏎", "2:3 `safety.level` is 9; expected a whole number from 0 to 4")]
    [TestCase("device.id,roles⏎a,reader;king⏎", "2:3 `roles` is [\"king\", \"reader\"]; expected a list of one of `reader`, `writer`")]
    [TestCase("device.id,firmware.version⏎a,new⏎", "2:3 `firmware.version` is \"new\"; expected a version such as `2.4.0`")]
    [TestCase("device.id,device.type⏎a b,plc⏎,plc⏎", "2:1 `a b` cannot be the id of a device; expected 1 to 256 letters, digits, `.`, `-` and `_`", "3:1 the device has no `device.id`")]
    [TestCase("device.id,device.type⏎a,plc⏎b,plc⏎a,sensor⏎", "4:1 `a` is the device of line 2 already; expected each device once")]
    [TestCase("device.id,location.site⏎a,\"one⏎two\"⏎b,x⏎", "2:3 the value of `location.site` has control characters; expected text of one line")]
    [TestCase("device.id,location.site⏎a,\"x\"y⏎b,101⏎", "2:6 something follows a value in quotes; expected a comma or the end of the line, and `\"\"` for quotes within a value")]
    [TestCase("device.id,location.site⏎a,\"x⏎b,y⏎", "2:3 the quotes that begin here do not end")]
    [TestCase("device.id,location.site,posture.risk⏎a,\"x, \"\"y\"\"\",high⏎", "2:14 `posture.risk` is `high`; expected a whole number")]
    public void A_fault_of_comma_separated_values_is_said_at_its_place(string text, params string[] faults) => Assert.That(Faults(text, ImportFormat.Csv), Is.EqualTo(faults));

    [TestCase("", "1:1 there is nothing; expected devices as JSON")]
    [TestCase("[{ \"device.id\": \"a\" },⏎ 7, { \"device.id\": \"b\", \"posture.risk\": \"high\" }]", "2:2 this is no device; expected an object with its attributes",
        "2:25 `posture.risk` is \"high\"; expected a whole number from 0 to 100")]
    [TestCase("{ \"devices\": { \"a\": { \"x\": 1.5,⏎ \"ü\": [1], \"y\": { \"z\": 1e99 } } } }", "1:23 `x` has a value that no attribute can have; expected true or false, a whole number, a text or an array of texts",
        "2:2 `ü` has a value that no attribute can have; expected true or false, a whole number, a text or an array of texts",
        "2:19 `y.z` has a value that no attribute can have; expected true or false, a whole number, a text or an array of texts")]
    [TestCase("{ \"devices\": { \"a\": { \"device.id\": \"b\" } } }", "1:23 `device.id` is `b`, and the device stands under `a`")]
    [TestCase("{ \"devices\": { \"a/b\": { } } }", "1:23 `a/b` cannot be the id of a device; expected 1 to 256 letters, digits, `.`, `-` and `_`")]
    [TestCase("{ \"devices\": { \"a\": { \"posture.risk\": 1.5 }, \"a\": { } } }", "1:23 `posture.risk` has a value that no attribute can have; expected true or false, a whole number, a text or an array of texts",
        "1:51 `a` is the device of line 1 already; expected each device once")]
    [TestCase("{ \"devices\": { \"a\": { }, \"a\": { } } }", "1:31 `a` is the device of line 1 already; expected each device once")]
    [TestCase("{ \"devices\": { }, \"device\": { } }", "1:19 only `devices` has a meaning here")]
    [TestCase("{ \"devices\": { \"a\": { \"boot.secure\": true, \"boot\": { \"secure\": false } } } }", "1:54 `boot.secure` is given twice")]
    [TestCase("[{ \"device.id\": \"a\" }", "1:22 not JSON: it ends within an object or an array")]
    [TestCase("{ \"devices\": { \"a\": {⏎ \"x\": } } }", "2:7 not JSON: '}' is an invalid start of a value")]
    [TestCase("[{ \"device.id\": \"\\ud800\" }]", "1:17 the text holds half of a surrogate pair")]
    [TestCase("{ \"device.id\": \"a\" }⏎{ \"device.id\": ⏎7⏎{ \"device.id\": \"b\", \"posture.risk\": 101 } x⏎", "2:16 not JSON: it ends within an object or an array",
        "3:1 this is no device; expected an object with its attributes", "4:21 101 is no risk; expected a whole number from 0 to 100", "4:43 not JSON: 'x' is invalid after a single JSON value. Expected end of data")]
    [TestCase("[{ \"device.id\": \"a\", \"location.site\": 7 }]", "1:22 `location.site` is 7; expected a text")]
    public void A_fault_of_JSON_is_said_at_its_place(string text, params string[] faults) => Assert.That(Faults(text, ImportFormat.Json), Is.EqualTo(faults));

    [TestCase(256, 0), TestCase(257, 1), TestCase(300, 1)]
    public void Of_more_attributes_than_a_device_may_have_the_rest_is_not_looked_at(int attributes, int faults)
    {
        string given = string.Join(", ", Enumerable.Range(1, attributes - 1).Select(i => $"\"a{i}\": 1")), rest = attributes > 257 ? ", \"a1\": 2, \"b\": { \"c\": [[]] }" : "";
        Assert.That(Faults($"[{{ \"device.id\": \"a\", {given}{rest} }}, {{ \"device.id\": \"b\" }}]", ImportFormat.Json),
            Is.EqualTo(Enumerable.Repeat("1:2 there are more than 256 attributes; expected at most so many", faults)));
        Assert.That(Faults($"device.id,{string.Join(',', Enumerable.Range(1, attributes - 1).Select(i => $"a{i}"))}\na{new string(',', attributes - 1)}\n", ImportFormat.Csv), Is.Empty, "of those in a table only what is given counts");
    }

    [Test]
    public void A_file_that_is_no_UTF_8_is_refused_where_it_is_not()
    {
        DeviceImport import = DeviceImport.Read([.. "device.id\na\nb"u8, 0xFF, .. "\n"u8], ImportFormat.Csv, Schema);

        Assert.That(import.Faults.Select(fault => (fault.Line, fault.Column, fault.Message)), Is.EqualTo(new[] { (3, 2, "there is a byte that is no UTF-8; expected the file in UTF-8") }));
        Assert.That(import.Devices, Is.Empty);
    }

    [Test]
    public void What_the_policies_do_not_know_is_warned_of_once_and_taken()
    {
        DeviceImport import = Read("device.id,asset.tag\na,1\nb,2\n", ImportFormat.Csv);

        Assert.That(import.Warnings.Select(warning => (warning.Line, warning.Column)), Is.EqualTo(new[] { (2, 3) }));
        Assert.That(import.Devices, Has.Length.EqualTo(2));
        Assert.That(import.Devices[1].Change.Attributes.Items.Single(), Is.EqualTo(KeyValuePair.Create("asset.tag", AttributeValue.Of("2"))));
    }

    [Test]
    public void Devices_without_a_fault_are_read_beside_those_with_one() =>
        Assert.That(Read("device.id,posture.risk\na,1\nb,high\nc,3\n", ImportFormat.Csv).Devices.Select(device => (device.Line, device.Id)), Is.EqualTo(new[] { (2, "a"), (4, "c") }));

    [Test]
    public void No_file_however_broken_throws([Values] ImportFormat format, [Range(1, 8)] int seed)
    {
        const string text = "device.id,location.site,posture.risk\na,\"x, \"\"y\"\"\",1\n{ \"devices\": { \"a\": { \"x\": [\"é\", 1], \"y\": { \"z\": null } } } }\n[{}]\n";
        var random = new Random(seed);
        for (int round = 0; round < 2_000; round++)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text[random.Next(text.Length)..]);
            for (int change = random.Next(4); change > 0 && bytes.Length > 0; change--)
                bytes[random.Next(bytes.Length)] = random.Next(3) == 0 ? (byte)random.Next(256) : (byte)"\"{}[],:\n\r\\ 0"[random.Next(12)];

            DeviceImport import = DeviceImport.Read(bytes, format, Schema);

            Assert.That(import.Faults.All(fault => fault is { Line: > 0, Column: > 0 }), Is.True);
        }
    }

    private static string[] Faults(string text, ImportFormat format) => [.. Read(text, format).Faults.Select(fault => $"{fault.Line}:{fault.Column} {fault.Message}")];

    private static DeviceImport Read(string text, ImportFormat format) => DeviceImport.Read(Encoding.UTF8.GetBytes(text.Replace('⏎', '\n')), format, Schema);
}
