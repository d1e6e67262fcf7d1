using PolicyM2M.Enforcement.Rotation;
using PolicyM2M.Testing;
using PolicyM2M.Testing.Issuing;

namespace PolicyM2M.Enforcement.Tests.Rotation;

/// <summary>
/// A process that does nothing but rotate one credential, as fast as it can, until it is killed. Two of three successors are used, and one fails. What is
/// reported it writes down, and prints a line for each rotation.
/// </summary>
internal static class RotatingProcess
{
    public const string Command = "rotate-until-killed";

    private static readonly TimeSpan Life = TimeSpan.FromHours(1);

    public static string CredentialFolder(string folder) => Path.Combine(folder, "credential");

    public static string ReportFile(string folder) => Path.Combine(folder, "reports");

    public static async Task<int> RunAsync(string folder)
    {
        var time = new ManualTime();
        // Each process begins where the one before it was killed.
        if (Directory.Exists(CredentialFolder(folder)) && new RotationStateFile(CredentialFolder(folder), "plc-1").Load(out _)?.LatestSeen is { } seen && seen > time.GetUtcNow())
            time.SetBy(seen - time.GetUtcNow());
        using var issuer = new TestIssuer(time);
        (string certificate, string key) = issuer.IssueDevice("plc-1", Life);
        using CredentialRotation rotation = CredentialRotation.Open(new RotationOptions
        {
            Name = "mqtt",
            Device = "plc-1",
            Folder = CredentialFolder(folder),
            CertificatePath = Directory.Exists(CredentialFolder(folder)) ? Path.Combine(folder, "none") : certificate,
            KeyPath = key,
            TrustPath = issuer.TrustPath,
            Decide = (_, _) => ValueTask.FromResult(Outcomes.Of(RotationWorld.Usual)),
            Renewal = new IssuerRenewal(issuer) { Life = Life },
            Report = async (report, cancellation) =>
            {
                await File.AppendAllTextAsync(ReportFile(folder), $"{report.PredecessorFingerprint} {report.Successor.Fingerprint}\n", cancellation);
                return ReportDelivery.Taken;
            },
            Time = time,
        });
        for (int i = 0; ; i++)
        {
            time.Advance(TimeSpan.FromMinutes(41));
            await rotation.TurnAsync();
            if (i % 3 == 2)
                await rotation.FailedAsync(rotation.State.Serving.Fingerprint, "as a test");
            else
                await rotation.UsedAsync(rotation.State.Serving.Fingerprint);
            Console.Out.WriteLine($"turn {i} {rotation.State.Serving.Fingerprint}");
        }
    }
}
