using System.Text;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Testing;

namespace PolicyM2M.Emitters.Tests;

/// <summary>The table of docs/emitters.md says what the emitters do.</summary>
internal sealed class DocumentationTests
{
    /// <summary>A decision that every stack can hold exactly or nearly so, to which one field is added.</summary>
    private static readonly Outcome Base = Decisions.Of(["TLS1.2", "TLS1.3"],
        ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"]);

    private static readonly (string Title, Outcome Channel, Outcome? Auth)[] Columns =
    [
        ("versions, suites", Base, null),
        ("one suite of TLS 1.3", With(Field.Suites, Names("TLS_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256")), null),
        ("groups", With(Field.Groups, Names("x25519", "secp256r1")), null),
        ("signatures", With(Field.Signatures, Names("ecdsa_secp256r1_sha256")), null),
        ("resumption forbidden", With(Field.Resumption, new FieldValue.Level(1, "forbidden")), null),
        ("session-lifetime", With(Field.SessionLifetime, new FieldValue.Duration(28_800)), null),
        ("session-lifetime, TLS 1.2 alone", Decisions.Of(["TLS1.2"], ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"], lifetime: 28_800), null),
        ("early-data forbidden", Base, null),
        ("mutual required", Base, Decisions.Mutual()),
        ("revocation soft", Base, Auth((Field.Revocation, new FieldValue.Level(1, "soft")))),
        ("revocation hard", Base, Auth((Field.Revocation, new FieldValue.Level(2, "hard")))),
        ("revocation hard within 72h", Base, Auth((Field.Revocation, new FieldValue.Level(2, "hard")), (Field.RevocationWithin, new FieldValue.Duration(259_200)))),
        ("key-algorithms ecdsa-p256", Base, Auth((Field.KeyAlgorithms, Names("ecdsa-p256")))),
        ("key-protection tee", Base, Auth((Field.KeyProtection, new FieldValue.Level(2, "tee")))),
        ("attestation within 24h", Base, Auth((Field.Attestation, new FieldValue.Duration(86_400)))),
        ("reauthenticate 12h", Base, Auth((Field.Reauthenticate, new FieldValue.Duration(43_200)))),
        ("capabilities", Base, Auth((Field.Capabilities, Names("telemetry.publish")))),
        ("a denial", Decisions.Denied, null),
    ];

    [Test]
    public void The_table_is_what_the_emitters_do()
    {
        string page = File.ReadAllText(Path.Combine(ProjectFolder.RepositoryRootOf(typeof(DocumentationTests).Assembly), "docs", "emitters.md"));
        var table = new StringBuilder();
        (StackKind Stack, EmitterOptions Options)[] stacks = [.. EmissionTests.Stacks];
        table.Append($"| | {string.Join(" | ", stacks.Select(one => EmissionTests.NameOf(one.Stack, one.Options)))} |\n|---|{string.Concat(stacks.Select(_ => "---|"))}\n");
        foreach ((string title, Outcome channel, Outcome? auth) in Columns)
            table.Append($"| {title} | {string.Join(" | ", stacks.Select(one => Cell(Emitter.Emit(one.Stack, one.Options, channel, auth))))} |\n");

        Assert.That(page, Does.Contain(table.ToString()), table.ToString());
    }

    private static string Cell(EmittedConfiguration configuration) => configuration.Fidelity switch
    {
        Fidelity.Exact => "exact",
        Fidelity.Infeasible => "infeasible",
        _ when configuration.Losses.Any(loss => loss.Kind == LossKind.Unheld) => "unheld",
        _ => configuration.Losses.All(loss => loss.Kind == LossKind.Preference) ? "exact, own order" : "tighter",
    };

    private static Outcome Auth(params (Field, FieldValue)[] more) => Outcome.Allow(Engine.Vocabulary.DecisionKind.Auth, [.. Decisions.Mutual().Values, .. more]);

    private static Outcome With(Field field, FieldValue value) => Outcome.Allow(Base.Kind, [.. Base.Values.Where(one => one.Field != field), (field, value)]);

    private static FieldValue.Names Names(params string[] names) => new([.. names]);
}
