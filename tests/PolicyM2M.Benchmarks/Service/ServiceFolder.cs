using System.Diagnostics;
using Google.Protobuf;
using PolicyM2M.Benchmarks.Sets;
using PolicyM2M.Benchmarks.Workload;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;
using AttributeValue = PolicyM2M.Engine.Contexts.AttributeValue;

namespace PolicyM2M.Benchmarks.Service;

/// <summary>The common workload in a Git repository, a data folder, and the requests as gRPC frames.</summary>
internal sealed class ServiceFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("policym2m-service-");

    private ServiceFolder(GeneratedSet set)
    {
        Set = set;
        Repository = Path.Combine(_folder.FullName, "policies.git");
        WorkloadFolder.WritePolicies(set, Path.Combine(Repository, "policies"));
        Git("init", "-q", "-b", "main");
        Commit("The workload");
        // What the rules test, which is what the decision point says that it needs: nothing else is sent.
        HashSet<int> tested = [.. set.Policies.SelectMany(policy => policy.Rules).SelectMany(rule => rule.Tests).Select(test => test.Attribute)];
        Requests = [.. set.Contexts.Select(values => (Request(set, values, tested), set.Expected(values)))];
    }

    public GeneratedSet Set { get; }

    public string Repository { get; }

    /// <summary>The requests, and what must be answered.</summary>
    public IReadOnlyList<(DecideRequest Request, ExpectedAnswer Expected)> Requests { get; }

    public static ServiceFolder Of(int rules) => new(CommonPolicies.Of(CommonWorkload.Of(rules)));

    /// <summary>The newest commit.</summary>
    public string Head => Git("rev-parse", "HEAD").Trim();

    /// <summary>A folder in it.</summary>
    public string At(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>Commits the set with another demand, so that the policies really are others.</summary>
    /// <param name="number">Which one.</param>
    /// <param name="says">Of what kind, and what it demands.</param>
    public void CommitAnother(int number, string says = "cipher-suites { session-lifetime 30d }")
    {
        string file = Path.Combine(Repository, "policies", $"{CommonPolicies.Name}.m2m");
        string text = File.ReadAllText(file);
        int end = text.IndexOf("\n// ", StringComparison.Ordinal);
        File.WriteAllText(file, $"{(end < 0 ? text : text[..end])}\n// change {number}\nrequire change{number} : {says} when device.vendor == \"nobody {number}\"\n");
        Commit($"Change {number}");
    }

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>A message as gRPC sends it: not compressed, its length, itself.</summary>
    public static byte[] Frame(IMessage message)
    {
        int length = message.CalculateSize();
        byte[] frame = new byte[5 + length];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), length);
        message.WriteTo(frame.AsSpan(5));
        return frame;
    }

    private static DecideRequest Request(GeneratedSet set, AttributeValue[] values, HashSet<int> tested)
    {
        var request = new DecideRequest { Form = DecisionForm.Signed, Kinds = { DecisionKind.CipherSuites } };
        foreach (int attribute in tested)
            request.Attributes[set.Attributes[attribute].Name] = WireMapping.ToWire(values[attribute]);
        return request;
    }

    private void Commit(string message)
    {
        Git("add", "-A");
        Git("-c", "user.name=bench", "-c", "user.email=bench@policym2m.invalid", "commit", "-q", "-m", message);
    }

    private string Git(params string[] arguments)
    {
        using Process git = Process.Start(new ProcessStartInfo("git", arguments) { WorkingDirectory = Repository, RedirectStandardOutput = true, RedirectStandardError = true })!;
        // Quiet as it is asked to be, it says a line at most: neither waits for a reader of the other.
        string output = git.StandardOutput.ReadToEnd(), error = git.StandardError.ReadToEnd();
        git.WaitForExit();
        return git.ExitCode == 0 ? output : throw new InvalidOperationException($"git {arguments[0]}: {error}");
    }
}
