using System.Diagnostics.Metrics;
using PolicyM2M.Audit.Appending;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Auditing.Export;
using PolicyM2M.Pdp.Devices;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Signing;
using PolicyM2M.Pdp.Startup;

namespace PolicyM2M.Pdp.Sight.Metrics;

/// <summary>What is measured of the server's state: read from those who hold it, when somebody looks.</summary>
internal static class PdpObservations
{
    /// <summary>Adds the measurements of a server to its metrics.</summary>
    public static PdpMetrics Observe(this PdpMetrics metrics, IServiceProvider server)
    {
        TimeProvider clock = server.GetRequiredService<TimeProvider>();
        Readiness readiness = server.GetRequiredService<Readiness>();
        metrics.Gauge("policym2m.pdp.ready", "1", "1 where the server should be asked: it has a registry, can record what must be recorded, and is not shutting down.",
            () => One(readiness.WhyNot() is []));
        Revisions(metrics, server.GetRequiredService<RevisionState>(), server.GetRequiredService<RevisionSource>(), clock);
        Registry(metrics, server.GetRequiredService<RegistryState>(), server.GetRequiredService<DroppedClaims>(), clock);
        Signatures(metrics, server.GetRequiredService<SignedDecisions>(), server.GetRequiredService<SignedStatements>());
        Identities(metrics, server.GetRequiredService<CallerRulesState>(), server.GetRequiredService<CredentialState>(), clock);
        if (server.GetRequiredService<AuditTrail>().Log is { } log)
            Audit(metrics, log, server.GetRequiredService<AuditExport>(), server.GetRequiredService<DataFolder>().Audit);
        return metrics;
    }

    private static void Revisions(PdpMetrics metrics, RevisionState revisions, RevisionSource source, TimeProvider clock)
    {
        metrics.Gauge("policym2m.pdp.revision.info", "1", "1, labelled with the commit that is active and the hash of its bundle.",
            () => [new(1, new("commit", revisions.Current.Active.CommitId), new("bundle", revisions.Current.Active.Id.BundleHash.ToString()))]);
        metrics.Seconds("policym2m.pdp.revision.age", "Time since the active revision became active.",
            () => [new((clock.GetUtcNow() - revisions.Current.Active.ActivatedAt).TotalSeconds)]);
        metrics.Counter("policym2m.pdp.revision.activations", "{revision}", "Revisions that became active, the first one at the start among them.", () => [new(revisions.Activations)]);
        metrics.Gauge("policym2m.pdp.revision.refused", "1", "1 while the newest commit cannot be served or the repository cannot be followed, and the last good revision goes on.",
            () => One(revisions.Current.Refused is not null));
        metrics.Gauge("policym2m.pdp.revision.candidate", "1", "1 while a candidate is on trial beside the active revision.", () => One(revisions.Current.Candidate is not null));
        metrics.Gauge("policym2m.pdp.revision.pinned", "1", "1 while an operator's pin keeps new commits out.", () => One(revisions.Current.Pin is not null));
        metrics.Seconds("policym2m.pdp.repository.age", "Time since the repository was last looked at.", () => [new((clock.GetUtcNow() - revisions.Current.LastPolledAt).TotalSeconds)]);
        metrics.Counter("policym2m.pdp.compilations", "{commit}", "Commits that were asked to be compiled, by whether that was kept from before.",
            () => [new(source.Compilations.Made, new KeyValuePair<string, object?>("from", "policies")), new(source.Compilations.Kept, new KeyValuePair<string, object?>("from", "disk"))]);
        metrics.Counter("policym2m.pdp.fetches", "{fetch}", "Fetches of the remote repository, by how they ended.",
            () => [new(source.Fetches.Good, new KeyValuePair<string, object?>("result", "good")), new(source.Fetches.Failed, new KeyValuePair<string, object?>("result", "failed"))]);
    }

    private static void Registry(PdpMetrics metrics, RegistryState registry, DroppedClaims dropped, TimeProvider clock)
    {
        metrics.Gauge("policym2m.pdp.registry.devices", "{device}", "Devices in the registry as answers are made from it.", () => [new(registry.Current.Count)]);
        metrics.Gauge("policym2m.pdp.registry.available", "1", "1 where answers are made with the registry; without it the strictest applies.", () => One(registry.IsAvailable));
        metrics.Gauge("policym2m.pdp.registry.held", "{device}", "Devices that are held for revoked although the registry does not say so: it was lost, or a backup is in its place.",
            () => [new(registry.Held.Count)]);
        metrics.Seconds("policym2m.pdp.registry.age", "Time since the registry was last found in step with its database.",
            () => registry.InStepAt is { } at ? [new((clock.GetUtcNow() - at).TotalSeconds)] : []);
        metrics.Counter("policym2m.pdp.claims.dropped", "{claim}", "Claims that are not for a device to make, by attribute.",
            () => dropped.Counts.Select(claim => new Measurement<long>(claim.Value, new KeyValuePair<string, object?>("attribute", claim.Key))));
    }

    private static void Identities(PdpMetrics metrics, CallerRulesState callers, CredentialState credentials, TimeProvider clock)
    {
        metrics.Gauge("policym2m.pdp.caller.files.unusable", "{file}", "Roles files and revocation lists that cannot be used as they are, so that callers are judged by what was read before.",
            () => [new(callers.UnusableFiles)]);
        // An authority that changes its key has two lists of one name, and a series has one value.
        metrics.Seconds("policym2m.pdp.crl.remaining", "Time until the revocation list of an authority ends; below 0 it is over, and nobody of that authority gets in unless `--crl-expired accept`.",
            () => callers.Current.ListTerms().GroupBy(list => list.List.IssuerText, StringComparer.Ordinal)
                .Select(ofOne => new Measurement<double>((ofOne.Min(list => list.Term.Until) - clock.GetUtcNow()).TotalSeconds, new KeyValuePair<string, object?>("issuer", ofOne.Key))));
        metrics.Gauge("policym2m.pdp.crl.missing", "{authority}", "Authorities whose revocation list was in force before and is missing, so that nobody of them gets in.",
            () => [new(callers.Current.WithoutList().Count())]);
        metrics.Seconds("policym2m.pdp.certificate.remaining", "Time until the server's own certificate ends, or one that it sends along; below 0 no caller accepts the server.",
            () => [new((credentials.Current.Term.Until - clock.GetUtcNow()).TotalSeconds)]);
        metrics.Gauge("policym2m.pdp.certificate.unusable", "1", "1 while the files of the server's certificate, its key and the authorities that it trusts cannot be used as they are, so that those before go on.",
            () => One(credentials.HasUnusableFiles));
    }

    private static void Signatures(PdpMetrics metrics, SignedDecisions decisions, SignedStatements statements)
    {
        KeyValuePair<string, object?> decision = new("what", "decision"), statement = new("what", "statement");
        metrics.Counter("policym2m.pdp.signatures", "{signature}", "Signatures made. What is signed is handed out again for a while: compare with what was handed out.",
            () => [new(decisions.Signed, decision), new(statements.Signed, statement)]);
        metrics.Counter("policym2m.pdp.signed", "{payload}", "Signed decisions and statements that were made or taken from memory to answer, or to tell a watcher.",
            () => [new(metrics.SignedDecisions, decision), new(statements.HandedOut, statement)]);
        metrics.Counter("policym2m.pdp.signed.again", "{payload}", "Of these, those that went out with an answer from memory; the others were made for their answer, or taken from their region.",
            () => [new(metrics.SignedAgain, decision), new(statements.Again, statement)]);
    }

    private static void Audit(PdpMetrics metrics, AuditLog log, AuditExport export, string folder)
    {
        metrics.Counter("policym2m.pdp.audit.records", "{record}", "Records in the audit log.", () => [new(log.State.Size)]);
        metrics.Gauge("policym2m.pdp.audit.lag", "{record}", "Records in line that are not in the audit log yet.", () => [new(log.State.Waiting)]);
        metrics.Seconds("policym2m.pdp.audit.write.age", "Time that the disk has been at the write of the audit log that is going on; 0 where there is none.", () => [new(log.State.Writing.TotalSeconds)]);
        metrics.Counter("policym2m.pdp.audit.lost", "{record}", "Records that are missing from the audit log, which says so itself.", () => [new(log.State.Lost)]);
        metrics.Gauge("policym2m.pdp.audit.export.lag", "{record}", "Records in the audit log that were not sent to its collector yet; 0 where there is none.", () => [new(export.Lag)]);
        metrics.Counter("policym2m.pdp.audit.exported", "{record}", "Records of the audit log by what became of them on their way to its collector.",
            () => [new(export.Sent, new KeyValuePair<string, object?>("result", "sent")), new(export.Rejected, new KeyValuePair<string, object?>("result", "rejected")),
                new(export.Missed, new KeyValuePair<string, object?>("result", "missed"))]);
        metrics.Gauge("policym2m.pdp.audit.free", "By", "Bytes that the disk of the audit log has left for this server.", () => Free(folder));
        metrics.Gauge("policym2m.pdp.audit.removal.failed", "1", "1 while old entries of the audit log cannot be removed, so that it grows.", () => One(log.State.NotRemoved is not null));
        metrics.Gauge("policym2m.pdp.audit.writable", "1", "1 where the audit log can be written.", () => One(log.State.Fault is null));
    }

    /// <summary>Nothing where the folder is gone: what is thrown here would take all other measurements along, just when somebody needs them.</summary>
    private static IEnumerable<Measurement<long>> Free(string folder)
    {
        try
        {
            return [new(new DriveInfo(folder).AvailableFreeSpace)];
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static IEnumerable<Measurement<long>> One(bool isSo) => [new(isSo ? 1 : 0)];
}
