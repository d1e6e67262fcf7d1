using Microsoft.Extensions.Logging.Abstractions;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Testing;

namespace PolicyM2M.Pdp.Tests;

/// <summary>The key that signs the audit log.</summary>
internal sealed class AuditKeyTests
{
    [Test]
    public async Task A_log_whose_key_is_missing_is_not_gone_on_with_and_no_other_key_is_made()
    {
        using var folder = new TemporaryFolder();
        var data = new DataFolder(folder.Path);
        await Open(data).DisposeAsync();
        File.Delete(data.AuditKey);

        Assert.That(() => Open(data), Throws.TypeOf<StartupException>().With.Message.Contains("audit-key.pem is missing, which signs the audit log in"));
        Assert.That(File.Exists(data.AuditKey), Is.False);
    }

    private static AuditTrail Open(DataFolder data) => AuditTrail.Open(AuditTests.Durable, data, "test", TimeProvider.System, NullLogger.Instance);
}
