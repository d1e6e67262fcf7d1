using PolicyM2M.Compiler.Spellings;
using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Diagnostics;

/// <summary>M2M4xx: the manifest or the attribute schema is wrong.</summary>
internal sealed partial class Faults
{
    public void NoManifest(string expected) =>
        Add(new Diagnostic("M2M401", Severity.Error, StartOf(expected), 1, $"the policy set has no `{expected}`",
            "it names the set, its attribute schema, and its policies in order"));

    public void MalformedYaml(SourceText source, Span at, string message) =>
        Error(source, at, "M2M402", $"this is not YAML: {message}");

    public void UnknownKey(SourceText source, Span at, string key, IEnumerable<string> keys) =>
        Error(source, at, "M2M403", $"`{key}` is no key here",
            keys.Contains(YamlKeys.Rules) && YamlKeys.RuleWords.Contains(key) ? $"write it as an item of the list `{YamlKeys.Rules}`"
            : key == "reason" && keys.Contains(YamlKeys.Forbid) ? $"the reason stands under `{YamlKeys.Deny}`"
            : DidYouMean(Spelling.Nearest(key, keys)) ?? $"the keys are {string.Join(", ", keys)}");

    public void MissingKey(SourceText source, Span at, string key, string meaning) =>
        Error(source, at, "M2M404", $"the key `{key}` is missing", $"it gives {meaning}");

    public void WrongValue(SourceText source, Span at, string key, string expected) =>
        Error(source, at, "M2M404", $"this is no value for `{key}`", $"expected {expected}");

    public void NoAttributeName(SourceText source, Span at, string name, string expected) =>
        Error(source, at, "M2M404", $"`{name}` is no name of an attribute", $"expected {expected}");

    public void NoKey(SourceText source, Span at) =>
        Error(source, at, "M2M404", "this is no key", "expected a text");

    public void NoSuchFile(SourceText source, Span at, string path, IEnumerable<string> paths) =>
        Error(source, at, "M2M405", $"the policy set has no file `{path}`",
            DidYouMean(Spelling.Nearest(path, paths)) ?? "a policy is named *.m2m or *.m2m.yaml, and a file of attributes *.attributes.yaml");

    public void OutsideSet(SourceText source, Span at, string path) =>
        Error(source, at, "M2M405", $"`{path}` lies outside the policy set", "a path must lie inside the folder of the manifest, with `/` between folders and without `..`");

    public void Unreadable(SourceFile file) =>
        Add(new Diagnostic("M2M405", Severity.Error, StartOf(file.Path), 1, $"the policy set can have no file `{file.Path}`: {file.Unreadable}",
            "a file of a policy set is UTF-8 text of at most 8 MiB, and no symbolic link"));

    public void NotListed(SourceText source, string manifest) =>
        Warning(source, new Span(0, 1), "M2M406", $"this policy is not listed in `{manifest}`, so it says nothing",
            "add it under `policies`, at the place that its preferences deserve");
}
