using System.Text.RegularExpressions;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Spellings;
using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Compiler.Tests.Oracle;
using PolicyM2M.Testing;

namespace PolicyM2M.Compiler.Tests.Spellings;

/// <summary>The two spellings say the same, and what is printed prints as itself.</summary>
internal sealed partial class SpellingTests
{
    internal static readonly int Runs = int.TryParse(Environment.GetEnvironmentVariable("POLICYM2M_RUNS"), out int runs) ? runs : 300;

    private static IEnumerable<TestCaseData> ShippedPolicies =>
        Directory.GetFiles(Path.Combine(Repository.Root, "policies"), "*.m2m", SearchOption.AllDirectories).Concat(Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.m2m", SearchOption.AllDirectories))
            .Concat(Directory.GetFiles(Path.Combine(Repository.Root, "tests"), "*.m2m", SearchOption.AllDirectories).Where(path => !path.Contains("broken", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal)))
            .Select(path => new TestCaseData(File.ReadAllText(path)).SetArgDisplayNames(Path.GetRelativePath(Repository.Root, path)));

    private static IEnumerable<TestCaseData> Examples =>
        from page in Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md")
        from fence in Fence().Matches(File.ReadAllText(page))
        select new TestCaseData(fence.Groups[1].Value).SetArgDisplayNames($"{Path.GetFileName(page)} at {fence.Index}");

    [TestCaseSource(nameof(ShippedPolicies))]
    [TestCaseSource(nameof(Examples))]
    public void A_policy_comes_back_from_YAML_as_it_was(string policy) => CheckRoundTrip(policy);

    [Test]
    public void A_random_policy_comes_back_from_YAML_as_it_was() => SeededProperty.Holds(Runs, random =>
    {
        foreach (SourceFile file in new RandomPolicies(random).Set().Where(file => PolicyFormatter.SpellingOf(file.Path) is not null))
            CheckRoundTrip(file.Text);
    });

    [Test]
    public void A_set_in_YAML_compiles_to_the_same_decisions() => SeededProperty.Holds(Runs / 10, random =>
    {
        IReadOnlyList<SourceFile> set = new RandomPolicies(random).Set();
        SourceFile[] yaml = [.. set.Select(file => PolicyFormatter.SpellingOf(file.Path) is null
            ? file with { Text = file.Text.Replace(".m2m", ".m2m.yaml", StringComparison.Ordinal) }
            : new SourceFile(file.Path + ".yaml", Print(file.Text, PolicySpelling.M2M, PolicySpelling.Yaml)))];
        Assert.That(DecisionBytes.Of(PolicyCompiler.Compile(yaml)), Is.EqualTo(DecisionBytes.Of(PolicyCompiler.Compile(set))));
    });

    /// <summary>Wherever in its conditions: no comment is lost, and what is printed prints as itself.</summary>
    [Test]
    public void A_random_policy_with_comments_in_its_conditions_comes_back_from_YAML_as_it_was() => SeededProperty.Holds(Runs, random =>
    {
        foreach (SourceFile file in new RandomPolicies(random).Set().Where(file => PolicyFormatter.SpellingOf(file.Path) is not null))
        {
            int number = 0;
            // Behind spaces that stand in no text.
            CheckRoundTrip(string.Join('\n', file.Text.Split('\n').Select(line => !line.StartsWith("define ", StringComparison.Ordinal) ? line
                : Blank().Replace(line, blank => random.Next(4) > 0 || line.AsSpan(0, blank.Index).Count('"') % 2 != 0 || line.AsSpan(0, blank.Index).Contains("//", StringComparison.Ordinal)
                    ? blank.Value : $"  // {number++}\n{(random.Next(8) == 0 ? "\n" : "")}"))));
        }
    });

    [Test]
    public void A_comment_in_a_condition_stays_with_what_it_is_about()
    {
        const string policy = """
            policy p

            define listed = device.id in ["a",  // the press
                "b", "c",                       // two ovens
                // above the last
                "d"]
                or boot.secure  // or sound
                or device.type == "plc"

            auth {
              when device.type == "plc"  // the controllers
                  and boot.secure
                deny "no"
              otherwise  deny "never"
            }

            forbid f : auth "no"
              when boot.secure  // sound
                  and listed

            """;
        Assert.That(Print(policy, PolicySpelling.M2M, PolicySpelling.M2M), Is.EqualTo(policy));
        CheckRoundTrip(policy);
    }

    [TestCase("rotation {\n  otherwise  deny \"no\"  // why\n}\n")]
    [TestCase("rotation {\n  otherwise  deny \"no\"\n  // the end\n}\n\n// apart\nforbid f : auth \"no\"\n")]
    [TestCase("rotation {\n  otherwise  deny \"no\"\n  // the end\n}\n\nauth {\n  // the beginning\n  otherwise  deny \"no\"\n\n  // the end\n  // of all\n}\n")]
    [TestCase("profile a : auth {\n  methods  x509\n  // the end\n}\n\n// apart\nprofile b : auth {\n  methods  x509  // why\n  // the end\n}\n")]
    [TestCase("auth {\n  when x     use {\n               methods  x509\n               // of x509\n             }\n  // of the others\n  otherwise  use {\n               methods  psk  // poor\n               // of psk\n             }\n  // the end\n}\n")]
    [TestCase("require r : auth {\n  mutual  required\n  // the end\n} when x\n\ndefine x = boot.secure\n")]
    [TestCase("profile a : auth {\n  methods  x509\n  // the end\n}\n\nrotation {\n  otherwise  deny \"no\"\n}\n\nprofile b : auth = a with {\n  mutual  required\n  // the end\n}\n")]
    public void A_comment_at_the_end_of_a_block_or_body_stays_in_it(string declarations)
    {
        string policy = $"policy p\n\n{declarations}";
        Assert.That(Print(policy, PolicySpelling.M2M, PolicySpelling.M2M), Is.EqualTo(policy));
        string yaml = Print(policy, PolicySpelling.M2M, PolicySpelling.Yaml);
        Assert.That(Print(yaml, PolicySpelling.Yaml, PolicySpelling.M2M), Is.EqualTo(policy), () => yaml);
        CheckRoundTrip(policy);
    }

    [Test]
    public void A_comment_behind_the_brace_of_a_body_does_not_move_into_it()
    {
        const string Policy = "policy p\nrequire r : auth { methods x509\n  mutual required } when (boot.secure and // sound\n  a)\n";
        Assert.That(Print(Policy, PolicySpelling.M2M, PolicySpelling.M2M), Does.Contain("} when boot.secure  // sound\n"));
        CheckRoundTrip(Policy);
    }

    /// <summary>Only one of the two can stand at the end of the line that the declarations are printed on.</summary>
    [Test]
    public void A_second_comment_behind_a_declaration_ends_the_alignment_at_once() => CheckRoundTrip("policy p\ndefine long = time.of-day in 22:00 // one\n  ..06:00 // two\ndefine s = boot.secure\n");

    [Test]
    public void A_comment_behind_an_item_of_a_list_stays_with_its_item()
    {
        const string policy = """
            policy p

            profile a : auth {
              methods     x509,  // first
                          // above the second
                          psk    // second
              revocation  hard
            }

            """;
        const string yaml = """
            policy: p

            profiles:
              a:
                kind: auth
                methods:
                  - x509  # first
                  # above the second
                  - psk  # second
                revocation: hard

            """;
        Assert.That(Print(policy, PolicySpelling.M2M, PolicySpelling.Yaml), Is.EqualTo(yaml.ReplaceLineEndings("\n")));
        Assert.That(Print(yaml, PolicySpelling.Yaml, PolicySpelling.Yaml), Is.EqualTo(yaml.ReplaceLineEndings("\n")));
        Assert.That(Print(policy, PolicySpelling.M2M, PolicySpelling.M2M), Does.Contain("x509,  // first\n").And.Contain("psk    // second\n").Or.Contain("psk  // second\n"));
        Assert.That(Print("policy p\nprofile a : auth { methods x509, // first\n  psk revocation hard // third\n}\n", PolicySpelling.M2M, PolicySpelling.M2M),
            Does.Contain("x509,  // first\n").And.Contain("hard   // third\n").Or.Contain("hard  // third\n"));
        CheckRoundTrip(policy);
    }

    [Test]
    public void A_comment_is_kept_wherever_it_stands() => SeededProperty.Holds(Runs, random =>
    {
        string policy = new RandomPolicies(random).Set()[2].Text;
        for (int i = 0; i < 4; i++)
        {
            int[] gaps = [.. Enumerable.Range(0, policy.Length).Where(at => policy[at] is ' ' or '\n' && policy[..at].Split('\n')[^1] is var line && !line.Contains("//", StringComparison.Ordinal))];
            int gap = gaps[random.Next(gaps.Length)];
            policy = policy.Insert(gap, $"{(random.Next(2) == 0 ? "\n" : "")}{(random.Next(3) == 0 ? "\n" : " ")}// comment {i} # of // four\n");
        }
        CheckRoundTrip(policy);
    });

    /// <summary>Between any two tokens, behind the one or above the other, with and without an empty line.</summary>
    [TestCaseSource(nameof(ShippedPolicies))]
    [TestCaseSource(nameof(Examples))]
    public void A_comment_between_any_two_words_is_kept_and_what_is_printed_prints_as_itself(string policy) => SeededProperty.Holds(Runs / 100, random =>
    {
        int[] gaps = [.. Lexer.Tokenize(new SourceText(new SourceFile("p.m2m", policy)), new Faults()).Tokens.Select(token => token.Span.Position.Absolute)];
        string commented = policy;
        foreach (int gap in random.GetItems(gaps, 6).Distinct().OrderDescending())
            commented = commented.Insert(gap, $"{(random.Next(2) == 0 ? "\n" : " ")}{(random.Next(3) == 0 ? "\n" : "")}// comment {gap}\n{(random.Next(3) == 0 ? "\n" : "")}");
        CheckRoundTrip(commented);
    });

    [Test]
    public void An_empty_line_below_the_comment_above_the_policy_stays()
    {
        const string policy = "// Of the fleet.\n\n// Of the policy.\npolicy p\n\nforbid f : auth \"no\"\n";
        const string apart = "// Of the fleet.\n\npolicy p\n\nforbid f : auth \"no\"\n";
        foreach (string text in new[] { policy, apart })
        {
            Assert.That(Print(text, PolicySpelling.M2M, PolicySpelling.M2M), Is.EqualTo(text));
            Assert.That(Print(Print(text, PolicySpelling.M2M, PolicySpelling.Yaml), PolicySpelling.Yaml, PolicySpelling.M2M), Is.EqualTo(text));
        }
        Assert.That(Print("policy  // of its name\n\n  p\nforbid f : auth \"no\"\n", PolicySpelling.M2M, PolicySpelling.M2M), Is.EqualTo("// of its name\npolicy p\n\nforbid f : auth \"no\"\n"));
    }

    [Test]
    public void A_comment_in_the_condition_of_a_long_demand_stays_with_what_it_is_about()
    {
        const string policy = """
            policy p

            require r : auth {
              mutual   required
              methods  x509
            } when boot.secure          // sound
                and device.type == "a"  // of the first make
                // and known
                and has device.id

            """;
        Assert.That(Print(policy, PolicySpelling.M2M, PolicySpelling.M2M), Is.EqualTo(policy));
        CheckRoundTrip(policy);
    }

    [Test]
    public void Whatever_stands_in_a_file_it_is_read_or_refused() => SeededProperty.Holds(Runs, random =>
    {
        string policy = random.Next(2) == 0 ? Print(new RandomPolicies(random).Set()[2].Text, PolicySpelling.M2M, PolicySpelling.Yaml) : YamlExample;
        for (int i = random.Next(1, 6); i > 0; i--)
        {
            int at = random.Next(policy.Length);
            policy = random.Next(3) switch
            {
                0 => policy.Remove(at, Math.Min(random.Next(1, 8), policy.Length - at)),
                1 => policy.Insert(at, Alphabet[random.Next(Alphabet.Length)]),
                _ => policy.Insert(at, string.Concat(policy.Skip(random.Next(at + 1)).Take(Math.Min(random.Next(20), at / 2)))),
            };
        }
        if (PolicyFormatter.Format(new SourceFile("p.m2m.yaml", policy), PolicySpelling.Yaml).Text is not { } text)
            return;
        Assert.That(TreeText.Of(Parse(text, PolicySpelling.Yaml)), Is.EqualTo(TreeText.Of(Parse(policy, PolicySpelling.Yaml))), () => policy);
        Assert.That(Print(text, PolicySpelling.Yaml, PolicySpelling.Yaml), Is.EqualTo(text), () => policy);
        string m2m = Print(text, PolicySpelling.Yaml, PolicySpelling.M2M);
        Assert.That(TreeText.Of(Parse(m2m, PolicySpelling.M2M)), Is.EqualTo(TreeText.Of(Parse(policy, PolicySpelling.Yaml))), () => policy);
    });

    private static readonly string[] Alphabet =
        ["#", " # note\n", "\n", "\n\n", "  ", ":", ": ", "- ", "'", "\"", "\\", "\\u0041", "[", "]", "{", "}", ",", "&a ", "*a", "|\n", ">-\n", "!!str ", "true", "null", "//", "(", ")", " and ", "\r\n", "\t", "\u2028", "\u0085", "\uFEFF", "é", "\U0001F50C", "%", "@", "---\n", "...\n", "? "];

    internal const string YamlExample = """
        policy: example   # a comment
        description: 'it''s "quoted"'
        define:
          folded: >-
            device.type == "plc"
            and not (device.type == "sensor")
          literal: |  # a comment
            device.type == "plc"
            or boot.secure
          quoted: "device.type == \"\u0070lc\" and \
            boot.secure"
        profiles:
          one: { kind: auth, methods: [x509, psk], revocation: hard within 2h, mutual: required }
        # between
        then:
          - profiles: { two: { kind: auth, use: one, with: [{ mutual: required }, { mutual: optional }] } }
            auth:
              - when: folded
                deny: "no\tnever"   # because

              - otherwise: { use: two }
          - rules:
              - { require: r, kind: rotation, use: { rotate-now: true, spread: 10% }, when: literal }
              - { forbid: f, kind: rotation, deny: no }
        """;

    private static void CheckRoundTrip(string policy)
    {
        string tree = TreeText.Of(Parse(policy, PolicySpelling.M2M));
        string canonical = Print(policy, PolicySpelling.M2M, PolicySpelling.M2M);
        Assert.That(TreeText.Of(Parse(canonical, PolicySpelling.M2M)), Is.EqualTo(tree), () => $"canonical\n{canonical}");
        Assert.That(Print(canonical, PolicySpelling.M2M, PolicySpelling.M2M), Is.EqualTo(canonical), () => policy);
        string yaml = Print(policy, PolicySpelling.M2M, PolicySpelling.Yaml);
        Assert.That(TreeText.Of(Parse(yaml, PolicySpelling.Yaml)), Is.EqualTo(tree), () => $"yaml\n{yaml}");
        Assert.That(Print(yaml, PolicySpelling.Yaml, PolicySpelling.Yaml), Is.EqualTo(yaml), () => yaml);
        string back = Print(yaml, PolicySpelling.Yaml, PolicySpelling.M2M);
        Assert.That(TreeText.Of(Parse(back, PolicySpelling.M2M)), Is.EqualTo(tree), () => $"back\n{back}");
        Assert.That(Print(back, PolicySpelling.M2M, PolicySpelling.M2M), Is.EqualTo(back));
        Assert.That(Comments(yaml, PolicySpelling.Yaml), Is.EqualTo(Comments(policy, PolicySpelling.M2M)));
        Assert.That(Comments(back, PolicySpelling.M2M), Is.EqualTo(Comments(policy, PolicySpelling.M2M)));
        Assert.That(Comments(canonical, PolicySpelling.M2M), Is.EqualTo(Comments(policy, PolicySpelling.M2M)));
    }

    internal static string[] Comments(string text, PolicySpelling spelling)
    {
        PolicySyntax policy = Parse(text, spelling);
        return [.. policy.Comments.Select(comment => policy.Source.Text.Substring(comment.Start, comment.Length)[(spelling == PolicySpelling.Yaml ? 1 : 2)..].TrimEnd())];
    }

    internal static string Print(string text, PolicySpelling from, PolicySpelling to) => PolicyFormatter.Print(Parse(text, from), to);

    internal static PolicySyntax Parse(string text, PolicySpelling spelling)
    {
        var faults = new Faults();
        PolicySyntax policy = PolicyReader.Read(new SourceText(new SourceFile(spelling == PolicySpelling.Yaml ? "p.m2m.yaml" : "p.m2m", text)), faults);
        Assert.That(faults.Sorted(), Is.Empty, () => text);
        return policy;
    }

    [GeneratedRegex(" +")]
    private static partial Regex Blank();

    [GeneratedRegex("```m2m\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Fence();
}
