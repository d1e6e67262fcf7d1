using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>Lists that were there and are lost.</summary>
[TestFixture]
[CancelAfter(120_000)]
public sealed class LostListTests : RevocationFixture
{
    [Test]
    public async Task A_start_without_a_list_that_was_in_force_keeps_its_authority_out_until_there_is_one_or_the_operator_means_it()
    {
        using X509Certificate2 lost = Authority.Issue(uris: [Device]), kept = Authority.Issue(uris: [Device]);
        Authority.Revoke(lost);
        Authority.WriteCrl(Crl);
        await RunningPdp.Eventually(() => Task.FromResult(File.Exists(Pdp.Data.CrlRequired)), isRemembered => isRemembered);

        // What lets in those of a list that has ended is not enough: nobody knows any more whom this one revoked.
        await Restart(Pdp.Options() with { Callers = new() { AcceptsExpiredCrls = true } }, Crl);
        string name = Authority.Certificate.Subject;
        await AssertRefused(kept, $"the revocation list of {name} is missing, and what it revoked is not known");
        await RunningPdp.Eventually(() => Task.FromResult(Pdp.Log.Lines),
            lines => lines.Any(line => line.StartsWith($"Error: the revocation list of {name} is missing, and there was one before", StringComparison.Ordinal)));
        Assert.That(Warnings(), Does.Contain("a revocation list is missing, so that nobody of its authority gets in"));

        Authority.WriteCrl(Crl);
        await RunningPdp.Eventually(() => Status(Client(kept)), status => status == StatusCode.OK);
        Assert.That(Warnings(), Is.Empty);
        await AssertRefused(lost, "it is revoked");

        await Restart(Pdp.Options(), Crl, Pdp.Data.CrlRequired);
        Assert.That((await Status(Client(kept)), await Status(Client(lost))), Is.EqualTo((StatusCode.OK, StatusCode.OK)));
        Assert.That(File.Exists(Pdp.Data.CrlRequired), Is.False);

        IEnumerable<string> Warnings() => Pdp.Server.Services.GetRequiredService<Sight.Readiness>().Warnings();
    }

    [Test]
    public async Task A_list_that_is_lost_keeps_out_the_callers_of_its_authority_alone_and_operators_of_another_see_it()
    {
        using TestAuthority partner = TestAuthority.Root("Partner");
        using X509Certificate2 device = partner.Issue(uris: ["spiffe://partner.example/a"]), own = Authority.Issue(uris: [Device]);
        await Pdp.StopServerAsync();
        Directory.CreateDirectory(Pdp.Data.Trust);
        string bundle = Path.Combine(Pdp.Data.Trust, "partner.example.pem");
        File.WriteAllText(bundle, partner.Pem);
        File.WriteAllText(Pdp.Data.Roles, """
            {"roles":[{"match":"spiffe://partner.example/{name}","role":"device","name":"{name}"},{"match":"spiffe://dev.policym2m.example/device/{name}","role":"device"},
            {"match":"spiffe://dev.policym2m.example/operator/*","role":"operator"}]}
            """);
        partner.WriteCrl(Crl);
        await Pdp.StartServerAsync();
        Assert.That((await Status(Client(device)), await Status(Client(own))), Is.EqualTo((StatusCode.OK, StatusCode.OK)));

        await Restart(Pdp.Options(), Crl);
        await AssertRefused(device, "the revocation list of CN=Partner is missing");
        Assert.That(await Status(Client(own)), Is.EqualTo(StatusCode.OK));
        Assert.That((await Pdp.PoliciesAs("operator").GetStatusAsync(new GetStatusRequest())).Warnings,
            Is.EqualTo(new[] { "the revocation list of CN=Partner is missing, and there was one before: nobody of that authority gets in until there is a list again" }));

        // An authority that is trusted no more needs no list.
        File.Delete(bundle);
        await RunningPdp.Eventually(async () => await Pdp.PoliciesAs("operator").GetStatusAsync(new GetStatusRequest()), status => status.Warnings.Count == 0);
    }

    [Test]
    public async Task What_says_which_authorities_must_have_a_list_and_cannot_be_understood_keeps_the_server_from_starting()
    {
        await Pdp.StopServerAsync();
        File.WriteAllText(Pdp.Data.CrlRequired, "[null]");
        Assert.That(async () => await Pdp.StartServerAsync(), Throws.TypeOf<Startup.StartupException>().With.Message.Contains("crl-required.json cannot be used, and says which authorities must have"));
    }

    /// <summary>Starts the server again, without what was lost meanwhile.</summary>
    private async Task Restart(Startup.PdpOptions options, params string[] lost)
    {
        await Pdp.StopServerAsync();
        foreach (string file in lost)
            File.Delete(file);
        await Pdp.StartServerAsync(options);
    }
}
