using PolicyM2M.Enforcement.Rotation;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;
using PolicyM2M.Testing.Issuing;

namespace PolicyM2M.Enforcement.Tests.Rotation;

/// <summary>A device with one credential of thirty days, its authority, its policies and its clock. Turns are taken by the test.</summary>
internal sealed class RotationWorld : IDisposable
{
    public const string Usual = "renew-at 2/3  spread 0%  rekey required  overlap 1d";

    private readonly TemporaryFolder _folder = new();

    public RotationWorld(TimeSpan? life = null)
    {
        Issuer = new TestIssuer(Time);
        Renewal = new IssuerRenewal(Issuer);
        (CertificatePath, KeyPath) = Issuer.IssueDevice("plc-1", life ?? TimeSpan.FromDays(30));
        Rotation = CredentialRotation.Open(Options);
    }

    public ManualTime Time { get; } = new();

    public TestIssuer Issuer { get; }

    public IssuerRenewal Renewal { get; }

    public string CertificatePath { get; }

    public string KeyPath { get; }

    public CredentialRotation Rotation { get; private set; }

    public Outcome Policies { get; set; } = Outcomes.Of(Usual);

    public List<RotationEvent> Events { get; } = [];

    public List<RotationReport> Reports { get; } = [];

    /// <summary>What becomes of a report.</summary>
    public ReportDelivery Delivery { get; set; } = ReportDelivery.Taken;

    public string Folder => _folder["mqtt"];

    public RotationOptions Options => new()
    {
        Name = "mqtt",
        Device = "plc-1",
        Folder = Folder,
        CertificatePath = CertificatePath,
        KeyPath = KeyPath,
        TrustPath = Issuer.TrustPath,
        Decide = (_, _) => ValueTask.FromResult(Policies),
        Renewal = Renewal,
        Report = (report, _) =>
        {
            if (Delivery.IsDone)
                Reports.Add(report);
            return ValueTask.FromResult(Delivery);
        },
        OnEvent = Events.Add,
        Time = Time,
    };

    public string Serving => Rotation.State.Serving.Fingerprint;

    public CredentialUse.Usable Usable => Rotation.Use as CredentialUse.Usable ?? throw new AssertionException($"{Rotation.Use}");

    public static Outcome Denied { get; } = Outcome.Deny(DecisionKind.Rotation, "older than anything we allow");

    /// <summary>The names of the events since it was asked last.</summary>
    public string[] Happened()
    {
        string[] names = [.. Events.Where(happened => happened is not RotationEvent.UseChanged).Select(happened => happened.GetType().Name)];
        Events.Clear();
        return names;
    }

    /// <summary>Time passes, and then the device does what is due.</summary>
    public async Task AfterAsync(double days)
    {
        Time.Advance(TimeSpan.FromDays(days));
        await Rotation.TurnAsync();
    }

    /// <summary>The process ends, and another begins.</summary>
    public void Restart()
    {
        Rotation.Dispose();
        Rotation = CredentialRotation.Open(Options);
    }

    public void Dispose()
    {
        Rotation.Dispose();
        Issuer.Dispose();
        _folder.Dispose();
    }
}
