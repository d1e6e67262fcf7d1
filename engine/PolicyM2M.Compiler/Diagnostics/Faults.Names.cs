using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Diagnostics;

/// <summary>M2M2xx: a name means nothing, or two things.</summary>
internal sealed partial class Faults
{
    /// <summary>So many names are told to who wrote another.</summary>
    private const int FewNames = 12;

    public void UnknownAttribute(SourceText source, NameSyntax name, IEnumerable<string> attributes) =>
        Error(source, name.Span, "M2M201", $"the attribute schema has no `{name.Text}`", DidYouMean(Spelling.Nearest(name.Text, attributes)));

    public void ClockAsAttribute(SourceText source, NameSyntax name) =>
        Error(source, name.Span, "M2M201", $"`{name.Text}` is what the clock shows, and no attribute: it is always there", $"compare it, such as {Slips.ExampleOf(name.Text)}");

    public void UnknownName(SourceText source, NameSyntax name, IEnumerable<string> names) =>
        Error(source, name.Span, "M2M202", $"`{name.Text}` is neither a `define` of this file nor an attribute",
            Grammar.ClockNames.Contains(name.Text) ? $"compare it, such as {Slips.ExampleOf(name.Text)}" : DidYouMean(Spelling.Nearest(name.Text, names)));

    public void UnknownProfile(SourceText source, NameSyntax name, IEnumerable<string> profiles) =>
        Error(source, name.Span, "M2M203", $"this file has no profile `{name.Text}`", DidYouMean(Spelling.Nearest(name.Text, profiles)));

    public void UnknownVocabulary(SourceText source, AtomSyntax atom, string what, IReadOnlyCollection<string> names) =>
        Error(source, atom.Span, "M2M204", $"there is no {what} `{atom.Value}`", DidYouMean(Spelling.Nearest(atom.Value, names))
            ?? (names.Count <= FewNames ? $"expected one of {string.Join(", ", names)}"
                : $"its name is the one in the IANA registry, such as {what switch { "cipher suite" => "TLS_AES_128_GCM_SHA256", "group" => "x25519", _ => "ecdsa_secp256r1_sha256" }}"));

    public void UnknownField(SourceText source, NameSyntax name, DecisionKind kind, IEnumerable<string> fields) =>
        Error(source, name.Span, "M2M205", $"{kind.Name()} has no field `{name.Text}`",
            DidYouMean(Spelling.Nearest(name.Text, fields.Append("within"))) ?? "items of a list are separated by commas");

    public void UnknownFact(SourceText source, NameSyntax name, string what, IEnumerable<string> facts) =>
        Error(source, name.Span, "M2M209", $"the registry says nothing of a {what} under `{name.Text}`",
            DidYouMean(Spelling.Nearest(name.Text, facts)) ?? $"its facts are {string.Join(", ", facts)}");

    public void UnknownDemand(SourceText source, NameSyntax name, IReadOnlyCollection<string> demands) =>
        Error(source, name.Span, "M2M210", $"the set has {(demands.Contains(name.Text) ? "more than one" : "no")} demand `{name.Text}`",
            DidYouMean(Spelling.Nearest(name.Text, demands) ?? demands.FirstOrDefault(demand => demand.EndsWith($".{name.Text}", StringComparison.Ordinal)))
                ?? "a demand is named by its policy and its own name, such as plant7.public-tls13");

    public void DeclaredTwice(SourceText source, Span at, string what, SourcePosition first) =>
        Error(source, at, "M2M206", $"{what} is declared twice", $"the first is at {first.File}:{first.Line}:{first.Column}");

    public void RefersToItself(SourceText source, NameSyntax name, string what) =>
        Error(source, name.Span, "M2M207", $"the {what} `{name.Text}` refers to itself");

    public void ProfileOfOtherKind(SourceText source, NameSyntax name, DecisionKind actual, DecisionKind wanted) =>
        Error(source, name.Span, "M2M208", $"profile `{name.Text}` is for {actual.Name()}, not for {wanted.Name()}");

    /// <summary>A condition that says the name would mean something else than the same name in a comparison.</summary>
    public void HidesAttribute(SourceText source, NameSyntax name, bool isClock) =>
        Error(source, name.Span, "M2M211", $"`{name.Text}` is {(isClock ? "what the clock shows" : "an attribute")}, and a `define` of that name would hide it",
            "give the condition a name of its own");
}
