using PolicyM2M.Engine.Lattice;

namespace PolicyM2M.Enforcement.Rotation;

/// <summary>Gives the rotation outcome that holds now for a credential, or a denial. What it throws counts as a denial.</summary>
/// <param name="credential">The credential in use.</param>
/// <param name="cancellation">Ends the question.</param>
public delegate ValueTask<Outcome> RotationDecision(Credential credential, CancellationToken cancellation);

/// <summary>Tells the decision point of a rotation. What it throws counts as <see cref="ReportDelivery.Later"/>.</summary>
/// <param name="report">The rotation.</param>
/// <param name="cancellation">Ends the attempt.</param>
public delegate ValueTask<ReportDelivery> RotationReporter(RotationReport report, CancellationToken cancellation);

/// <summary>What became of a report.</summary>
/// <param name="IsDone">Whether it is taken, or will never be: then it is not sent again.</param>
/// <param name="Refusal">Why it was not taken; null where it was.</param>
public readonly record struct ReportDelivery(bool IsDone, string? Refusal)
{
    /// <summary>It is taken.</summary>
    public static ReportDelivery Taken => new(true, null);

    /// <summary>It could not be delivered, and is kept.</summary>
    public static ReportDelivery Later => new(false, null);

    /// <summary>It will never be taken.</summary>
    public static ReportDelivery Refused(string reason) => new(true, reason);
}

/// <summary>One credential that is rotated.</summary>
public sealed record RotationOptions
{
    /// <summary>What the device calls the credential, such as <c>mqtt</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The device's id. With the certificate's serial number it gives the device's place in its fleet.</summary>
    public required string Device { get; init; }

    /// <summary>The folder in which the credential, its successors and their keys are kept, for this credential alone. It is made where it is not there.</summary>
    public required string Folder { get; init; }

    /// <summary>The certificate to begin with, PEM, with its intermediates after it. A newer one that is put there later is taken up at the next start.</summary>
    public required string CertificatePath { get; init; }

    /// <summary>Its key, PEM.</summary>
    public required string KeyPath { get; init; }

    /// <summary>When that key was made; null where nobody knows: then as old as its certificate.</summary>
    public DateTimeOffset? KeyMade { get; init; }

    /// <summary>The only authorities that a successor may come from, PEM.</summary>
    public required string TrustPath { get; init; }

    /// <summary>What the policies say.</summary>
    public required RotationDecision Decide { get; init; }

    /// <summary>Asks the issuer.</summary>
    public required IRenewal Renewal { get; init; }

    /// <summary>Tells the decision point; null where nobody is told.</summary>
    public RotationReporter? Report { get; init; }

    /// <summary>Told what happens, on whichever thread it happens; must return soon. One that throws is counted, and ends nothing.</summary>
    public Action<RotationEvent>? OnEvent { get; init; }

    /// <summary>The longest time between two questions of what the policies say.</summary>
    public TimeSpan Recheck { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
