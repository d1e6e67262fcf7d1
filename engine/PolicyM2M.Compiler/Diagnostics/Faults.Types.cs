using System.Collections.Immutable;
using PolicyM2M.Compiler.Binding;
using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Diagnostics;

/// <summary>M2M3xx: the names are right, the values do not fit them.</summary>
internal sealed partial class Faults
{
    /// <summary>So many rules are named where many bring something about.</summary>
    private const int FewRules = 3;

    public void WrongType(SourceText source, AtomSyntax literal, AttributeDefinition attribute, string expected) =>
        Error(source, literal.Span, "M2M301",
            attribute.Type == AttributeType.Set ? $"`{attribute.Name}` is a set of texts; `{literal.Text}` is none" : $"`{attribute.Name}` is {Article(attribute)}; `{literal.Text}` is not",
            attribute.Type == AttributeType.Address && AddressBlock.TryParse(literal.Text, out _) && !AddressBlock.TryParseAddress(literal.Text, out _) ? $"for a block write `within {literal.Text}`"
            : attribute.Type is AttributeType.String or AttributeType.Set && literal.Kind == M2MToken.Name ? Quoted(literal.Text, attribute)
            : literal.Kind == M2MToken.String && attribute.Type is not (AttributeType.String or AttributeType.Set) ? $"expected {expected}, without quotes"
            : $"expected {expected}");

    public void WrongOperator(SourceText source, Span at, string sign, AttributeDefinition attribute) =>
        Error(source, at, "M2M302", $"`{sign}` does not apply to `{attribute.Name}`, which is {Article(attribute)}",
            attribute.Type switch
            {
                AttributeType.Bool => $"write `{attribute.Name}` or `not {attribute.Name}`",
                AttributeType.Set => $"write `{attribute.Name} contains \"{attribute.Values.FirstOrDefault() ?? "…"}\"`",
                AttributeType.Address => "use `==`, `!=`, `in [ … ]` or `within`",
                AttributeType.String => "use `==`, `!=`, `in [ … ]` or `starts-with`",
                _ => "use `==`, `!=`, `<`, `<=`, `>`, `>=`, `in [ … ]` or `in …..…`",
            });

    public void OrderOfTwo(SourceText source, Span at, string sign, AttributeDefinition left, AttributeDefinition right) =>
        Error(source, at, "M2M302", $"`{sign}` does not compare two attributes, such as `{left.Name}` and `{right.Name}`",
            "two attributes are compared with `==` and `!=`; an order is that of an attribute and a value");

    public void OutOfRange(SourceText source, AtomSyntax literal, AttributeDefinition attribute, string expected) =>
        Error(source, literal.Span, "M2M303", $"`{attribute.Name}` is never `{literal.Text}`", $"expected {expected}");

    public void NotInEnumeration(SourceText source, AtomSyntax literal, AttributeDefinition attribute) =>
        Error(source, literal.Span, "M2M304", $"`{attribute.Name}` is never `{literal.Value}`",
            DidYouMean(Spelling.Nearest(literal.Value, attribute.Values)) ?? $"it is one of {string.Join(", ", attribute.Values)}");

    public void BeginsNoValue(SourceText source, AtomSyntax prefix, AttributeDefinition attribute) =>
        Error(source, prefix.Span, "M2M304", $"no value of `{attribute.Name}` begins with `{prefix.Value}`", $"it is one of {string.Join(", ", attribute.Values)}");

    public void EmptyRange(SourceText source, Span at) =>
        Error(source, at, "M2M305", "this range is empty: its first value is above its last");

    /// <param name="source">Where it is written.</param>
    /// <param name="day">The day.</param>
    /// <param name="before">What stands before it: a comparison, or the sign of a range.</param>
    /// <param name="zone">The offset of the policy's zone, as an instant ends with it.</param>
    public void DayAsEnd(SourceText source, AtomSyntax day, string before, string zone) =>
        Warning(source, day.Span, "M2M335",
            $"`{day.Text}` is the day's first second in UTC{(zone == "Z" ? "" : ", whatever the policy's zone")}: the rest of the day {(before == "> " ? "lies behind it" : "is left out")}",
            $"for all of the day write `{before}{day.Text}T23:59:59{zone}`; for its first second `{before}{day.Text}T00:00:00Z`");

    public void NotABool(SourceText source, NameSyntax name, AttributeDefinition attribute) =>
        Error(source, name.Span, "M2M306", $"`{name.Text}` is {Article(attribute)}, so it is no condition by itself", "compare it with a value");

    public void WrongFieldValue(SourceText source, Span at, Field field, string expected) =>
        Error(source, at, "M2M307", $"this is no value for `{field.Name}`", $"expected {expected}");

    public void GivenTwice(SourceText source, Span at, string what) =>
        Error(source, at, "M2M308", $"{what} is given twice", "keep one of the two");

    public void FreshLongerThanUsable(SourceText source, Span at, string fresh, string usable) =>
        Warning(source, at, "M2M309", $"fresh-for {fresh} is longer than usable-for {usable}", "a decision is never fresh for longer than it is usable");

    public void UsableForUnstated(SourcePosition at) =>
        Add(new Diagnostic("M2M333", Severity.Warning, at, 1, "`fresh-for` is stated here, and `usable-for` by no rule that could stand beside it: the decision may not be kept, and is fresh for 0s",
            "state `usable-for`, at least as long as `fresh-for`"));

    /// <summary>A value that is one, and that its author will not have meant.</summary>
    public void Senseless(SourceText source, Span at, string message, string help) => Warning(source, at, "M2M334", message, help);

    public void TooMuchWork(SourcePosition at) =>
        Add(new Diagnostic("M2M310", Severity.Error, at, 1, "this makes a decision tree that is too large to build",
            "its cases and the rules of its kind test too many different attributes in too many combinations: test fewer, or the same ones"));

    public void WrongClockValue(SourceText source, AtomSyntax literal, string expected) =>
        Error(source, literal.Span, "M2M311", $"the clock never shows `{literal.Text}` here", $"expected {expected}");

    public void WrongClockOperator(SourceText source, Span at) =>
        Error(source, at, "M2M312", "days of the week have no first and no last", "use `==`, `!=`, `in [sat, sun]` or `in fri..mon`");

    public void NotComparable(SourceText source, Span at, AttributeDefinition left, AttributeDefinition right) =>
        Error(source, at, "M2M313",
            left == right ? $"`{left.Name}` is compared with itself" : $"`{left.Name}` is {Article(left)} and `{right.Name}` is {Article(right)}: the two are not compared",
            left == right ? $"it always equals itself: compare it with a value or with another attribute, or ask `has {left.Name}`"
                : "two attributes are compared where they have one type, and neither is an age");

    public void NeverTheSame(SourceText source, Span at, AttributeDefinition left, AttributeDefinition right) =>
        Error(source, at, "M2M313", $"`{left.Name}` is never the same as `{right.Name}`: the two have no value in common",
            $"`{left.Name}` is {new AttributeCoding(left, []).Expected}; `{right.Name}` is {new AttributeCoding(right, []).Expected}");

    public void AlwaysSo(ConditionPlace place, bool holds) =>
        Add(new Diagnostic(holds ? "M2M314" : "M2M315", Severity.Warning, place.At, place.Length, $"this condition {(holds ? "always" : "never")} holds, whatever the values of its attributes",
            holds ? place.Instead : "the attribute schema and the tests joined here leave no value for which it would"));

    public void NeverInTarget(ConditionPlace place, string policy) =>
        Add(new Diagnostic("M2M315", Severity.Warning, place.At, place.Length, $"this condition never holds where the target of policy `{policy}` does",
            "outside its target a policy says nothing: let the target or the condition leave room for the other"));

    public void PartAlwaysSo(ConditionPlace place, AttributeDefinition attribute, bool holds) =>
        Add(new Diagnostic(holds ? "M2M314" : "M2M315", Severity.Warning, place.At, place.Length, $"a test of `{attribute.Name}` in this condition {(holds ? "always" : "never")} holds",
            $"it is {new AttributeCoding(attribute, []).Expected}, of which {(holds ? "every value passes" : "no value passes")}"));

    /// <param name="place">The rule.</param>
    /// <param name="attributes">The attributes that the part tests; none where it tests the clock alone.</param>
    /// <param name="holds">Whether it always holds, or never.</param>
    public void PartAlwaysSo(ConditionPlace place, ImmutableArray<string> attributes, bool holds) =>
        Add(new Diagnostic(holds ? "M2M314" : "M2M315", Severity.Warning, place.At, place.Length,
            $"a part of this condition {(holds ? "always" : "never")} holds: its tests of "
                + $"{(attributes.IsEmpty ? "the clock" : string.Join(", ", attributes.Select(name => $"`{name}`")))}, taken together",
            holds ? "every value passes one of them" : "no value passes all of them"));

    public void EmptySelection(SourceText source, Span at, string what) =>
        Error(source, at, "M2M316", $"no {what} has all these facts", "a list must name something");

    public void NoListToChange(SourceText source, Span at, string field) =>
        Error(source, at, "M2M317", $"there is no list `{field}` to change here", "`+` and `-` change the list of the profile before `with`");

    public void AlreadyInList(SourceText source, AtomSyntax atom, string field) =>
        Warning(source, atom.Span, "M2M329", $"the list `{field}` of the profile already holds `{atom.Value}`", "it keeps its place in the list");

    /// <summary>No error, and nor is the one above: where the registry's tables select the list, a revision would be valid with those of one release and not with those of another.</summary>
    public void NotInList(SourceText source, AtomSyntax atom, string field, IReadOnlyCollection<string> list) =>
        Warning(source, atom.Span, "M2M329", $"the list `{field}` of the profile does not hold `{atom.Value}`",
            list.Count == 0 ? "it holds nothing" : DidYouMean(Spelling.Nearest(atom.Value, list)) ?? $"it holds {string.Join(", ", list)}");

    public void NothingLeft(SourceText source, Span at, string field) =>
        Error(source, at, "M2M330", $"nothing is left of the list `{field}`", "an empty list allows nothing: to deny, say `deny` and why");

    public void NotAnInstant(SourceText source, AtomSyntax atom) =>
        Error(source, atom.Span, "M2M318", $"`{atom.Text}` is no instant", "expected one such as 2027-01-31 or 2027-01-31T06:00Z");

    public void NoWaivers(SourceText source, Span at) =>
        Error(source, at, "M2M319", "this policy set allows no waivers", "policyset.yaml says how long one may hold at most, such as: longest-waiver: 90d");

    public void LongWaiver(SourceText source, Span at, long longest) =>
        Error(source, at, "M2M320", $"this waiver holds for longer than the {DurationText.Format(longest)} that policyset.yaml allows",
            "let it end earlier, or begin later with `from`");

    public void LongWaivers(SourcePosition at, SourcePosition first, long longest) =>
        Add(new Diagnostic("M2M320", Severity.Error, at, 1,
            $"with the waiver at {first} the demand is waived without a break for longer than the {DurationText.Format(longest)} that policyset.yaml allows",
            "waivers of one demand count as one where nothing lies between them and one device could be under both"));

    public void WaivedByAbsence(SourceText source, Span at, AttributeDefinition attribute) =>
        Error(source, at, "M2M328", $"this waiver may hold where `{attribute.Name}` is missing",
            attribute.Default is null ? "what nobody says must not loosen anything: name the devices by what they are, not by `not has`"
                : $"what nobody says must not loosen anything, and `{attribute.Name}` has a default: name the devices by what has none");

    public void EmptyWaiver(SourceText source, Span at) =>
        Error(source, at, "M2M321", "this waiver ends before it begins");

    public void SaysNothing(SourceText source, Span at, string what, string expected) =>
        Error(source, at, "M2M322", $"{what} must say {expected}");

    public void WrongZone(SourceText source, AtomSyntax zone) =>
        Error(source, zone.Span, "M2M323", $"`{source.Text.Substring(zone.Span.Start, zone.Span.Length)}` is no offset from UTC", "expected one from -14:00 to +14:00, such as +02:00");

    public void ClockOnTheRight(SourceText source, NameSyntax clock, AttributeDefinition? left) =>
        Error(source, clock.Span, "M2M313", $"`{clock.Text}` is compared with no attribute",
            left?.Type == AttributeType.Instant ? "give the schema an attribute that is its age (`age-of`), and compare that with a duration"
                : "the clock stands on the left of an instant, a time of day or a day of the week, such as `time.now >= 2027-01-31`");

    /// <summary>A name on the right of a comparison that is no attribute's: an author who forgot the quotes of a text.</summary>
    public void UnquotedText(SourceText source, NameSyntax name, AttributeDefinition left, IEnumerable<string> attributes) =>
        Error(source, name.Span, "M2M201", $"the attribute schema has no `{name.Text}`",
            name.Text is "null" or "nil" or "none" or "undefined" ? $"write `not has {left.Name}` for a value that is missing"
            : left.Values.Contains(name.Text) ? Quoted(name.Text, left) : DidYouMean(Spelling.Nearest(name.Text, attributes)) ?? Quoted(name.Text, left));

    public void VersionsWithoutSuites(SourceText source, NameSyntax field, bool areSuitesNew) =>
        Warning(source, field.Span, "M2M324", areSuitesNew ? "these suites are of TLS 1.3 only, and these versions are not" : "these versions are 1.3 only, and these suites are not of TLS 1.3",
            "no connection can have one of the versions and one of the suites, so nothing can be agreed");

    public void CaseAgain(SourceText source, Span at, SourcePosition first) =>
        Warning(source, at, "M2M325", $"this case is never reached: the case at line {first.Line} has the same condition", "the first case of a block that matches is the one that counts");

    public void CaseBehind(SourcePosition at) =>
        Add(new Diagnostic("M2M327", Severity.Warning, at, 1, "this case is never reached: wherever its condition holds, that of a case before it does",
            "put it before them, or leave it out"));

    /// <summary>Whether it was said already that a condition here is not what its author will have meant.</summary>
    public bool IsDoubted(SourcePosition at) => _found.Any(fault => fault.Position == at && fault.Code is "M2M314" or "M2M315" or "M2M325");

    public void AlwaysDenies(SourceText source, Span at, DecisionKind kind, bool isEmpty) =>
        Warning(source, at, "M2M326", isEmpty ? $"this block has no case, so `{kind.Name()}` is always denied" : $"every case of this block denies, so `{kind.Name()}` is always denied",
            isEmpty ? "say `otherwise deny \"…\"` where that is meant" : $"to deny only where a condition holds, write: forbid NAME : {kind.Name()} \"…\" when …");

    public void DeniesEverybody(SourcePosition at, DecisionKind kind, ImmutableArray<Rule> rules) =>
        Add(new Diagnostic("M2M336", Severity.Warning, at, kind.Name().Length,
            $"this block allows something, and `{kind.Name()}` is denied to every device all the same: by {string.Join(", ", rules.Take(FewRules).Select(Named))}"
                + (rules.Length > FewRules ? $" and {rules.Length - FewRules} more" : ""),
            "`m2m explain` says of a context what denies it; where all are meant to be denied, say only that: `otherwise deny \"…\"`"));

    private static string Named(Rule rule) => rule.IsByOmission ? $"omission ({rule.Label})" : $"`{rule.Policy} {rule.Label}` at {rule.Source}";

    public void DemandsNothing(SourceText source, NameSyntax require) =>
        Warning(source, require.Span, "M2M337", $"the requirement `{require.Text}` demands nothing", "name a field that decisions must have, or take it out");

    public void SaysNothingAtAll(SourceText source, NameSyntax policy) =>
        Warning(source, policy.Span, "M2M331", $"the policy `{policy.Text}` says nothing: it has no block and no rule", "begin with a block such as: auth { otherwise deny \"…\" }");

    public void GainsBySilence(SourcePosition at, AttributeDefinition attribute, SourcePosition stricter) =>
        Add(new Diagnostic("M2M332", Severity.Warning, at, 1,
            attribute.Provenance switch
            {
                Provenance.Registry => $"a device of which the registry does not say `{attribute.Name}` gets more by this case than the case at line {stricter.Line} would give it for some value",
                Provenance.Attested => $"a device of which no evidence says `{attribute.Name}` gets more by this case than the case at line {stricter.Line} would give it for some value",
                _ => $"this case gives a device that does not say `{attribute.Name}` more than the case at line {stricter.Line} would give it for some value",
            },
            (attribute.Provenance == Provenance.Claimed ? "a value that cannot be used counts as not said too" : "it is not said either while nobody can be asked, or where the value cannot be used")
                + ": leave `has` out, and the strictest of the cases is the answer; or be as strict here"));

    private static string Quoted(string text, AttributeDefinition attribute) =>
        $"a text stands in double quotes: \"{(attribute.Values.Contains(text) ? text : Spelling.Nearest(text, attribute.Values) ?? text)}\"";

    private static string Article(AttributeDefinition attribute) => attribute.Type switch
    {
        AttributeType.Bool => "a bool",
        AttributeType.Int => "an int",
        AttributeType.Version => "a version",
        AttributeType.Duration => "a duration",
        AttributeType.Instant => "an instant",
        AttributeType.Address => "an address",
        AttributeType.Set => "a set",
        _ => attribute.Values.Length > 0 ? "an enumeration" : "a string",
    };
}
