using PolicyM2M.Agent.Configuration;
using PolicyM2M.Testing;

namespace PolicyM2M.Agent.Tests.Configuration;

/// <summary>Each fault of the configuration is told with the line and the column where it stands.</summary>
internal sealed class ConfigurationPlaceTests
{
    [Test]
    public void Each_fault_has_its_line_and_column_in_front()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("agent.json", """
            {
              // grüße
              "pdp": ["https://pdp.example:8443"], "state": "/var/lib/a", "certificate": "/c", "key": "/k",
              "ä": 1, "state": "/",
              "socket": {
                "path": "/run/a.sock", "mode": "7777"
              },
              "callers": [ { "user": 0, "devices": ["self"] },
                           { "devices": ["self"] } ],
              "claims": { "device": { "type": null } }
            }
            """);
        string[] told = Fault(path).Split('\n');
        Assert.That(told.Select(line => line.Replace(path, "agent.json", StringComparison.Ordinal).Split(": ") is [var place, var name, ..] ? $"{place} {name}" : line), Is.EquivalentTo(new[]
        {
            "agent.json:4:11 state", "agent.json:1:1 trust", "agent.json:3:40 state", "agent.json:10:27 claims.device.type",
            "agent.json:6:28 socket.mode", "agent.json:9:16 callers[1].user", "agent.json:4:3 ä",
        }), string.Join('\n', told));
    }

    [TestCase("{ \"pdp\": [\n  'a' ] }", ":2:3: it is no JSON: ")]
    [TestCase("", "it is no JSON")]
    [TestCase("{ \"pdp\": [] } x", ":1:15: it is no JSON: ")]
    [TestCase("{\n \"state\": \"\\ud800\" }", ":2:11: it is no JSON: a text holds bytes that are no UTF-8, or half of a surrogate pair")]
    public void What_is_no_JSON_is_told_with_its_place(string json, string expected)
    {
        using var folder = new TemporaryFolder();
        Assert.That(Fault(folder.Write("agent.json", json)), Does.Contain(expected));
    }

    private static string Fault(string path) => Assert.Throws<CannotRunException>(() => ConfigurationFile.Read(path))!.Message;
}
