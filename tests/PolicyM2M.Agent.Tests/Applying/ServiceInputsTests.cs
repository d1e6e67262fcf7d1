using System.Security.Cryptography;
using PolicyM2M.Agent.Applying;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Emitters;
using PolicyM2M.Testing;

namespace PolicyM2M.Agent.Tests.Applying;

/// <summary>A service with a revocation list as large as one may be.</summary>
internal sealed class ServiceInputsTests
{
    [Test]
    public void A_large_list_is_told_from_another_and_is_never_in_memory_whole()
    {
        using var folder = new TemporaryFolder();
        string path = folder["crl.der"];
        byte[] list = RandomNumberGenerator.GetBytes((16 << 20) + 3);
        File.WriteAllBytes(path, list);
        var options = new EmitterOptions { Certificate = "c.pem", Key = "k.pem", Authorities = "a.pem", RevocationLists = path };
        ServiceCommand nothing = new("/bin/true", []);
        var inputs = new ServiceInputs(folder["state"], new ManagedService("web", StackKind.Nginx, options, folder["service"], nothing, nothing));
        long before = GC.GetAllocatedBytesForCurrentThread();
        string now = inputs.Now();
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1 << 20));
        Assert.That(now, Is.EqualTo($"{path} {Convert.ToHexStringLower(SHA256.HashData(list))}\n"));
    }
}
