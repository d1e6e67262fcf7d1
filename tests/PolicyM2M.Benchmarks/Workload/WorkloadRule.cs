namespace PolicyM2M.Benchmarks.Workload;

/// <summary>A rule of the common workload; the first that matches gives the outcome.</summary>
/// <param name="Type">The device type it is for.</param>
/// <param name="Zone">The network zone it is for.</param>
/// <param name="Firmware">The oldest firmware, as major · 10,000 + minor · 100 + patch.</param>
/// <param name="Risk">The largest risk.</param>
/// <param name="SecureElement">Whether a secure element is needed too.</param>
/// <param name="Outcome">Which outcome, from 0.</param>
internal sealed record WorkloadRule(string Type, string Zone, int Firmware, int Risk, bool SecureElement, int Outcome)
{
    public bool Matches(WorkloadRequest request) =>
        request.Type == Type && request.Zone == Zone && request.Firmware >= Firmware && request.Risk <= Risk && (!SecureElement || request.SecureElement);

    /// <summary>The one spelling that both generators hash.</summary>
    public override string ToString() => $"{Type}|{Zone}|{Firmware}|{Risk}|{(SecureElement ? 1 : 0)}|{Outcome}";
}

/// <summary>A request of the common workload, as a typed object: what an expert's hand-written code would be given.</summary>
internal sealed record WorkloadRequest(
    string Id, string Type, string Vendor, int Firmware, string Zone, int Risk, bool SecureElement, bool Tpm, int RamKilobytes, string Protocol, int Latency, int Battery)
{
    /// <summary>The one spelling that both generators hash.</summary>
    public override string ToString() =>
        $"{Id}|{Type}|{Vendor}|{Firmware}|{Zone}|{Risk}|{(SecureElement ? 1 : 0)}|{(Tpm ? 1 : 0)}|{RamKilobytes}|{Protocol}|{Latency}|{Battery}";
}

/// <summary>What the naive reference answers: the rule that matches first and its outcome; -1 for both where none does.</summary>
internal readonly record struct WorkloadAnswer(int Rule, int Outcome)
{
    public override string ToString() => $"{Rule}|{Outcome}";
}
