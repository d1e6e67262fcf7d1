using System.Text;
using PolicyM2M.Emitters.Planning;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Testing;

namespace PolicyM2M.Emitters.Tests;

/// <summary>What each stack leaves to others of the auth decisions that the shipped policies grant: where the key is kept well enough, and both ends have revocation lists.</summary>
internal sealed class ShippedAuthTests
{
    private static readonly Outcome Channel = Decisions.Of(["TLS1.2", "TLS1.3"],
        ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"]);

    /// <summary>The columns of the page of the docs.</summary>
    private static readonly (string Title, string Decision)[] OfPage = [("a PLC, a camera, a meter", "baseline auth case 7"), ("a sensor", "baseline auth case 5"), ("a device that joins", "baseline auth case 2")];

    [Test]
    public void What_each_stack_leaves_to_others_of_every_shipped_decision()
    {
        var text = new StringBuilder();
        foreach (NamedDecision decision in Decisions.ShippedAuth)
        {
            text.Append(decision.Name).Append('\n');
            foreach ((StackKind stack, EmitterOptions options) in EmissionTests.Stacks)
                text.Append($"  {EmissionTests.NameOf(stack, options)}: {Left(stack, options, decision.Outcome)}\n");
        }
        Snapshot.Match(text.ToString());
    }

    [Test]
    public void The_table_of_the_page_is_what_the_emitters_do()
    {
        string page = File.ReadAllText(Path.Combine(ProjectFolder.RepositoryRootOf(typeof(ShippedAuthTests).Assembly), "docs", "emitters.md"));
        var table = new StringBuilder($"| | {string.Join(" | ", OfPage.Select(column => column.Title))} |\n|---|{string.Concat(OfPage.Select(_ => "---|"))}\n");
        foreach ((StackKind stack, EmitterOptions options) in EmissionTests.Stacks)
            table.Append($"| {EmissionTests.NameOf(stack, options)} | {string.Join(" | ", OfPage.Select(column => Left(stack, options, Decisions.ShippedAuth.Single(one => one.Name == column.Decision).Outcome)))} |\n");
        Assert.That(page, Does.Contain(table.ToString()), table.ToString());
    }

    /// <summary>The fields that something else must hold for the decision to be feasible; what nothing else may hold makes it infeasible.</summary>
    private static string Left(StackKind stack, EmitterOptions options, Outcome auth)
    {
        EmitterOptions told = options with { KeyProtection = "hsm", RevocationLists = "/etc/policym2m/crl.pem" };
        string[] left = [.. Unenforceable(told).Intersect(AuthDemands.MayBeElsewhere.Select(field => field.Name))];
        string[] never = [.. Unenforceable(told with { HeldElsewhere = [.. left] })];
        return never.Length > 0 ? $"infeasible: {string.Join(", ", never)}" : left.Length == 0 ? "nothing" : string.Join(", ", left);

        IEnumerable<string> Unenforceable(EmitterOptions with) =>
            Emitter.Emit(stack, with, Channel, auth).Losses.Where(loss => loss.Kind == LossKind.Unenforceable).Select(loss => loss.Field).Distinct();
    }
}
