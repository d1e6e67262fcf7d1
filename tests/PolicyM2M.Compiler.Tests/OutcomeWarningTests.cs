namespace PolicyM2M.Compiler.Tests;

/// <summary>Outcomes that can be had and that nobody will have meant are warned of, and others are not.</summary>
internal sealed class OutcomeWarningTests
{
    [TestCase("rotation", "renew-at 0%", "`renew-at 0%` asks for a renewal as soon as a credential is issued")]
    [TestCase("rotation", "renew-at 0/7", "`renew-at 0/7` asks for a renewal as soon as a credential is issued")]
    [TestCase("rotation", "renew-at 100%", "`renew-at 100%` asks for a renewal only when the credential has ended")]
    [TestCase("rotation", "renew-at 2/3", null)]
    [TestCase("rotation", "spread 100%", "`spread 100%` spreads renewals over all of the time before `renew-at`, so that some come long before it")]
    [TestCase("rotation", "spread 0%", null)]
    [TestCase("rotation", "lifetime 0s", "`lifetime 0s` allows nothing that is valid at any moment")]
    [TestCase("rotation", "key-lifetime 0s", "`key-lifetime 0s` allows nothing that is valid at any moment")]
    [TestCase("rotation", "overlap 0s  offline-grace 0s", null)]
    [TestCase("rotation", "lifetime 90d  key-lifetime 30d", "key-lifetime 30d is shorter than lifetime 90d")]
    [TestCase("rotation", "lifetime 30d  key-lifetime 30d", null)]
    [TestCase("auth", "methods x509  reauthenticate 0s", "`reauthenticate 0s` ends no authentication: the next is due at once")]
    [TestCase("cipher-suites", "versions 1.3  suites TLS_AES_128_GCM_SHA256  session-lifetime 0s", "`session-lifetime 0s` ends a session before it has begun")]
    [TestCase("auth", "methods x509  fresh-for 0s  usable-for 0s", null)]
    [TestCase("cipher-suites", "versions 1.2  suites TLS_RSA_WITH_NULL_SHA256, TLS_RSA_WITH_AES_128_CBC_SHA", "`TLS_RSA_WITH_NULL_SHA256` encrypts nothing")]
    [TestCase("cipher-suites", "versions 1.3  suites TLS_SHA256_SHA256", "`TLS_SHA256_SHA256` encrypts nothing")]
    [TestCase("cipher-suites", "versions 1.2  suites TLS_RSA_EXPORT_WITH_RC4_40_MD5", "`TLS_RSA_EXPORT_WITH_RC4_40_MD5` encrypts with a key of 40 bits")]
    [TestCase("cipher-suites", "versions 1.2  suites where forward-secret", null)]
    public void A_senseless_value_is_warned_of(string kind, string fields, string? message) =>
        Assert.That(Warnings($"{kind} {{ otherwise use {{ {fields} }} }}"), Is.EqualTo(message is null ? [] : new[] { $"M2M334 {message}" }));

    [Test]
    public void What_a_profile_gives_counts_and_is_not_said_twice() =>
        Assert.That(Warnings("profile long : rotation { lifetime 90d  renew-at 0% }\nrotation { when risk > 5 use long  otherwise use long with { key-lifetime 30d } }"),
            Is.EqualTo(new[] { "M2M334 `renew-at 0%` asks for a renewal as soon as a credential is issued", "M2M334 key-lifetime 30d is shorter than lifetime 90d" }));

    [TestCase("auth { otherwise use { methods x509  fresh-for 1h } }", "", 1)]
    [TestCase("auth { otherwise use { methods x509  fresh-for 0s } }", "", 0)]
    [TestCase("auth { otherwise use { methods x509  usable-for 1h } }", "", 0)]
    [TestCase("auth { otherwise use { methods x509  fresh-for 1h } }", "require w : auth { usable-for 72h }", 0)]
    [TestCase("auth { otherwise use { methods x509  fresh-for 1h } }", "require w : auth { usable-for 72h } when risk > 5", 0, Description = "a rule that could stand beside it")]
    [TestCase("auth { otherwise use { methods x509  fresh-for 1h } }", "require w : rotation { usable-for 72h }", 1)]
    [TestCase("auth { otherwise use { methods x509  fresh-for 1h } }", "auth { otherwise use { methods x509  usable-for 72h } }", 0)]
    [TestCase("auth { when risk > 5 use { methods x509  usable-for 72h }  otherwise use { methods x509  fresh-for 1h } }", "", 1, Description = "of one block only one case is chosen")]
    [TestCase("auth { otherwise use { methods x509  usable-for 72h } }", "require w : auth { fresh-for 5m }", 0)]
    [TestCase("auth { otherwise use { methods x509 } }", "require w : auth { fresh-for 5m } when risk > 5", 1)]
    public void How_long_a_decision_is_fresh_says_nothing_where_nobody_says_how_long_it_may_be_used(string first, string second, int count) =>
        Assert.That(Warnings(first, second).Count(warning => warning.StartsWith("M2M333", StringComparison.Ordinal)), Is.EqualTo(count));

    [TestCase("require r : auth {}", true)]
    [TestCase("profile empty : auth {}\nrequire r : auth empty", true)]
    [TestCase("require r : auth { mutual required }", false)]
    public void A_requirement_that_demands_nothing_is_warned_of(string require, bool isWarned) =>
        Assert.That(Warnings($"auth {{ otherwise use {{ methods x509 }} }}\n{require}"), Is.EqualTo(isWarned ? new[] { "M2M337 the requirement `r` demands nothing" } : []));

    private static string[] Warnings(string first, string second = "")
    {
        string[] policies = [.. new[] { first, second }.Where(policy => policy.Length > 0)];
        Compilation compilation = PolicyCompiler.Compile(
        [
            new SourceFile("policyset.yaml", $"name: s\nattributes: a.attributes.yaml\npolicies: [{string.Join(", ", policies.Select((_, i) => $"p{i}.m2m"))}]\n"),
            new SourceFile("a.attributes.yaml", "attributes:\n  risk: { type: int, provenance: claimed, description: x }\n"),
            .. policies.Select((policy, i) => new SourceFile($"p{i}.m2m", $"policy p{i}\n{policy}\n")),
        ]);
        Assert.That(compilation.Bundle, Is.Not.Null, () => string.Join('\n', compilation.Diagnostics));
        return [.. compilation.Diagnostics.Select(fault => $"{fault.Code} {fault.Message}")];
    }
}
