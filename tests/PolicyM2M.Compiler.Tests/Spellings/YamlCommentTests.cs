using PolicyM2M.Compiler.Tests.Oracle;
using PolicyM2M.Testing;
using static PolicyM2M.Compiler.Tests.Spellings.SpellingTests;

namespace PolicyM2M.Compiler.Tests.Spellings;

/// <summary>The comments of policies that begin as YAML: none is lost or moved, and what is printed prints as itself.</summary>
internal sealed class YamlCommentTests
{
    private const string YamlOfEveryKind = """
        # of the file
        policy: p  # name
        # above the description
        description: "it"  # description
        zone: "+02:00"  # zone
        for: boot.secure  # target

        # of the definitions
        define:  # the key
          # of q
          q: boot.secure  # q

        profiles:  # profiles
          one:  # one
            kind: auth  # kind
            # of the methods
            methods: [x509]  # methods
          two:
            kind: auth
            # of use
            use: one  # use
            with:  # with
              # of mutual
              mutual: required  # mutual
              # the end of two

        auth:  # auth
          # of the first case
          - when: q  # only here
            # of the reason
            deny: "no"  # reason
          - when: boot.secure  # a second
            use:  # a body
              methods: [psk]  # poor
          - otherwise:  # others
              # of use
              use: two  # profile

        rules:  # rules
          - require: r  # name
            kind: auth  # kind
            use:  # a body
              mutual: required  # field
            # of the condition
            when: q  # condition
          - forbid: f  # name
            kind: auth  # kind
            # of the reason
            deny: "no"  # reason
            when: q  # condition
          - waive: p.r  # demand
            when: q  # condition
            from: 2027-01-01  # beginning
            until: 2027-01-31  # end
            because: "so"  # reason
            approved-by: "me"  # approver
          - invariant: "i"  # text
            kind: auth  # kind
            always:  # always
              use:  # body
                mutual: required  # field
            when: q  # condition
          # the end of the rules

        """;

    /// <summary>Behind any line and on lines of their own, wherever they are indented to: none is lost, and what is printed prints as itself.</summary>
    [Test]
    public void Comments_anywhere_in_YAML_are_kept_and_what_is_printed_prints_as_itself() => SeededProperty.Holds(Runs, random =>
    {
        string policy = random.Next(3) == 0 ? YamlExample : random.Next(2) == 0 ? YamlOfEveryKind : Print(new RandomPolicies(random).Set()[2].Text, PolicySpelling.M2M, PolicySpelling.Yaml);
        List<string> lines = [.. policy.ReplaceLineEndings("\n").TrimEnd().Split('\n')];
        for (int i = random.Next(1, 8); i > 0; i--)
        {
            int at = random.Next(lines.Count + 1);
            if (at < lines.Count && random.Next(2) == 0 && lines[at].Length > 0)
                lines[at] += $"  # behind {i}";
            else
                lines.Insert(at, $"{(random.Next(4) == 0 ? "\n" : "")}{new string(' ', random.Next(9))}# alone {i}{(random.Next(4) == 0 ? "\n" : "")}");
        }
        policy = string.Join('\n', lines) + "\n";
        // In a text of several lines they are a part of it, or break it off.
        if (PolicyFormatter.Format(new SourceFile("p.m2m.yaml", policy), PolicySpelling.Yaml).Text is not { } text)
            return;
        Assert.That(TreeText.Of(Parse(text, PolicySpelling.Yaml)), Is.EqualTo(TreeText.Of(Parse(policy, PolicySpelling.Yaml))), () => policy);
        Assert.That(Comments(text, PolicySpelling.Yaml), Is.EqualTo(Comments(policy, PolicySpelling.Yaml)), () => $"{policy}\n{text}");
        Assert.That(Print(text, PolicySpelling.Yaml, PolicySpelling.Yaml), Is.EqualTo(text), () => policy);
        string m2m = Print(policy, PolicySpelling.Yaml, PolicySpelling.M2M);
        Assert.That(Comments(m2m, PolicySpelling.M2M), Is.EqualTo(Comments(policy, PolicySpelling.Yaml)), () => $"{policy}\n{m2m}");
        Assert.That(Print(m2m, PolicySpelling.M2M, PolicySpelling.M2M), Is.EqualTo(m2m), () => policy);
    });

    [Test]
    public void A_comment_in_YAML_stays_with_the_entry_that_it_stands_at() =>
        Assert.That(Print(YamlOfEveryKind, PolicySpelling.Yaml, PolicySpelling.Yaml), Is.EqualTo(YamlOfEveryKind.ReplaceLineEndings("\n")));

    [TestCase("policy: p\n  # of the first\ndefine:\n  q: boot.secure\n", "policy: p\n\n# of the first\ndefine:\n  q: boot.secure\n", TestName = "A comment below the head that is indented")]
    [TestCase("policy: p\ndefine:\n  q: |  # ticket\n    boot.secure\n  r: boot.secure\n", "policy: p\n\ndefine:\n  q: boot.secure  # ticket\n  r: boot.secure\n", TestName = "A comment behind the sign of a text on lines of its own")]
    public void A_comment_in_YAML_goes_where_it_belongs(string policy, string expected)
    {
        Assert.That(Print(policy, PolicySpelling.Yaml, PolicySpelling.Yaml), Is.EqualTo(expected));
        Assert.That(Print(expected, PolicySpelling.Yaml, PolicySpelling.Yaml), Is.EqualTo(expected));
    }
}
