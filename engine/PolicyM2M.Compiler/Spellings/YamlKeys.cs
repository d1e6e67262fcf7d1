using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Spellings;

/// <summary>The keys of a policy that is spelled in YAML.</summary>
internal static class YamlKeys
{
    public const string Policy = "policy";
    public const string Description = "description";
    public const string For = "for";
    public const string Zone = "zone";
    public const string Define = "define";
    public const string Profiles = "profiles";
    public const string Rules = "rules";
    public const string Then = "then";
    public const string Kind = "kind";
    public const string When = "when";
    public const string Otherwise = "otherwise";
    public const string Use = "use";
    public const string With = "with";
    public const string Deny = "deny";
    public const string Require = "require";
    public const string Forbid = "forbid";
    public const string Waive = "waive";
    public const string From = "from";
    public const string Until = "until";
    public const string Because = "because";
    public const string ApprovedBy = "approved-by";
    public const string Invariant = "invariant";
    public const string Always = "always";

    /// <summary>What a field says that has no value, such as <c>rotate-now: true</c>.</summary>
    public const string Alone = "true";

    /// <summary>What a policy says of itself.</summary>
    public static readonly string[] Head = [Policy, Description, Zone, For];

    /// <summary>What it declares. Each can stand once; what must come after another of its kind stands under <c>then</c>.</summary>
    public static readonly string[] Sections = [Define, Profiles, .. DecisionKinds.All.Select(kind => kind.Name()), Rules, Then];

    /// <summary>One level is enough: <c>then</c> is a list.</summary>
    public static readonly string[] SectionsOfThen = [.. Sections.Where(section => section != Then)];

    /// <summary>The keys beside which fields may stand: a field of such a name needs a body of its own.</summary>
    public static readonly string[] OfOutcomes = [Kind, Use, With];

    public static readonly string[] Answer = [Use, With, Deny];
    public static readonly string[] Case = [When, Otherwise, .. Answer];

    /// <summary>The keys that say what a rule is and name it.</summary>
    public static readonly string[] RuleWords = [Require, Forbid, Waive, Invariant];

    public static string[] OfRule(string word) => word switch
    {
        Require => [Require, Kind, Use, With, When],
        Forbid => [Forbid, Kind, Deny, When],
        Waive => [Waive, When, From, Until, Because, ApprovedBy],
        _ => [Invariant, Kind, Always, When],
    };
}
