using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Diagnostics;

/// <summary>M2M5xx: a policy test asks for what there is not, or for nothing.</summary>
internal sealed partial class Faults
{
    public void UnknownFixture(SourceText source, Span at, string name, IEnumerable<string> fixtures) =>
        Error(source, at, "M2M501", $"this file has no fixture `{name}`", DidYouMean(Spelling.Nearest(name, fixtures)) ?? "fixtures stand under `fixtures`, each with its name");

    public void FixtureOfItself(SourceText source, Span at, string name) =>
        Error(source, at, "M2M502", $"the fixture `{name}` is made of itself");

    public void UnknownTestAttribute(SourceText source, Span at, string name, IEnumerable<string> attributes) =>
        Error(source, at, "M2M503", $"the attribute schema has no `{name}`", DidYouMean(Spelling.Nearest(name, attributes)));

    public void UnusableTestValue(SourceText source, Span at, AttributeDefinition attribute, string expected) =>
        Error(source, at, "M2M504", $"`{attribute.Name}` is {Article(attribute)}; this is no value of it", $"expected {expected}; a missing attribute is written `null`");

    public void UnknownExpectation(SourceText source, Span at, DecisionKind kind, string name, IReadOnlyCollection<string> known) =>
        Error(source, at, "M2M505", $"{kind.Name()} has nothing called `{name}`", DidYouMean(Spelling.Nearest(name, known)) ?? $"expected one of {string.Join(", ", known)}");

    public void UnknownRule(SourceText source, Span at, string name, IEnumerable<string> rules) =>
        Error(source, at, "M2M506", $"the set has no rule `{name}`", DidYouMean(Spelling.Nearest(name, rules)) ?? "a rule is named by its policy and what it is, such as: baseline auth case 2");

    public void UnknownTestName(SourceText source, Span at, string what, string name, IEnumerable<string> names) =>
        Error(source, at, "M2M507", $"there is no {what} `{name}`", DidYouMean(Spelling.Nearest(name, names)));

    public void AssertsNothing(SourceText source, Span at, string name) =>
        Error(source, at, "M2M508", $"the case `{name}` expects nothing", "say under `expect` what is decided, such as: auth: deny");

    public void NoContextFile(SourceText source, Span at, string path, string reason) =>
        Error(source, at, "M2M509", $"`{path}` is no context: {reason}", "a context is a file with a JSON object, named from the folder of the policy set");

    public void RowOfOtherLength(SourceText source, Span at, int cells, int columns) =>
        Error(source, at, "M2M510", $"this row has {cells} cells for {columns} columns");

    public void CaseNamedTwice(SourceText source, Span at, string name) =>
        Error(source, at, "M2M511", $"the case `{name}` is given twice", "give it another name, so that a report tells the two apart");
}
