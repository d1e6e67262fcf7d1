using System.Security.Cryptography;
using System.Text;
using Grpc.Core;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>What the decision point vouches for about the bundle that it sends.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class SignedBundleTests
{
    [Test]
    public async Task The_statement_of_a_bundle_is_signed_and_says_how_long_decisions_may_be_made_from_it()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync(change: options => options with { BundleValidity = TimeSpan.FromHours(36) });
        DecisionService.DecisionServiceClient device = pdp.DecisionsAs("device");
        BundleDescription description = await Describe(device, new GetBundleRequest());

        BundleStatement statement = await Verified(device, description.Statement);
        Assert.That((statement.Revision, statement.Length), Is.EqualTo((description.Revision, description.Length)));
        Assert.That(statement.Revision.ActivatedAt, Is.Not.Null);
        Assert.That(statement.ValidUntil.ToDateTimeOffset() - statement.IssuedAt.ToDateTimeOffset(), Is.EqualTo(TimeSpan.FromHours(36)));
    }

    [Test]
    public async Task It_comes_also_where_the_caller_has_the_bundle_and_one_signature_serves_many()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        DecisionService.DecisionServiceClient device = pdp.DecisionsAs("device"), gateway = pdp.DecisionsAs("gateway");
        BundleDescription whole = await Describe(device, new GetBundleRequest());
        BundleDescription again = await Describe(gateway, new GetBundleRequest { BundleHash = whole.Revision.BundleHash, Offset = whole.Length });
        Assert.That(again.Offset, Is.EqualTo(whole.Length));
        Assert.That(again.Statement, Is.EqualTo(whole.Statement));
    }

    [Test]
    public async Task After_a_roll_back_it_is_another_of_the_same_bundle()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        string first = pdp.Git.Head;
        DecisionService.DecisionServiceClient device = pdp.DecisionsAs("device");
        BundleDescription before = await Describe(device, new GetBundleRequest());
        string second = pdp.Git.Commit("Shorter", TestPolicies.Baseline("7d"));
        await RunningPdp.Eventually(() => Describe(device, new GetBundleRequest()), description => description.Revision.CommitId == second);
        await pdp.PoliciesAs("operator").RollBackAsync(new RollBackRequest { ExpectedActive = second, CommitId = first, Reason = "test" });
        BundleDescription after = await Describe(device, new GetBundleRequest());

        BundleStatement statement = await Verified(device, after.Statement), earlier = await Verified(device, before.Statement);
        Assert.That(statement.Revision.BundleHash, Is.EqualTo(earlier.Revision.BundleHash));
        Assert.That(statement.Revision.ActivatedAt.ToDateTimeOffset(), Is.GreaterThan(earlier.Revision.ActivatedAt.ToDateTimeOffset()));
    }

    /// <summary>Verified by what the contract says, and by nothing of ours.</summary>
    private static async Task<BundleStatement> Verified(DecisionService.DecisionServiceClient client, SignedPayload signed)
    {
        SigningKey key = (await client.GetSigningKeysAsync(new GetSigningKeysRequest())).Keys.Single(key => key.KeyId == signed.KeyId);
        using var verifier = ECDsa.Create();
        verifier.ImportSubjectPublicKeyInfo(key.PublicKey.Span, out _);
        byte[] said = [.. Encoding.ASCII.GetBytes("policym2m.v1.BundleStatement"), 0, .. signed.Payload.Span];
        Assert.That(verifier.VerifyData(said, signed.Signature.Span, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation), Is.True);
        var statement = BundleStatement.Parser.ParseFrom(signed.Payload);
        Assert.That(statement.ValidUntil.ToDateTimeOffset(), Is.LessThanOrEqualTo(key.NotAfter.ToDateTimeOffset()));
        return statement;
    }

    private static async Task<BundleDescription> Describe(DecisionService.DecisionServiceClient client, GetBundleRequest request)
    {
        using AsyncServerStreamingCall<GetBundleResponse> call = client.GetBundle(request);
        await call.ResponseStream.MoveNext(TestContext.CurrentContext.CancellationToken);
        return call.ResponseStream.Current.Description;
    }
}
