using System.Collections;
using System.Collections.Immutable;
using System.Globalization;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine;

/// <summary>
/// The rules of a bundle, some tens of bytes each: a rule becomes an object when somebody first asks for it. Safe for all threads: two that ask
/// at once may make it twice, and one of the two is kept.
/// </summary>
internal sealed class RuleTable : IReadOnlyList<Rule>
{
    private readonly Rule?[] _made;

    /// <param name="texts">Every text that rules need, each once.</param>
    /// <param name="outcomes">Every outcome that rules say, each once.</param>
    /// <param name="rows">The rules.</param>
    public RuleTable(ImmutableArray<string> texts, ImmutableArray<Outcome> outcomes, ImmutableArray<RuleRow> rows)
    {
        Texts = texts;
        Outcomes = outcomes;
        Rows = rows;
        _made = new Rule?[rows.Length];
    }

    public ImmutableArray<string> Texts { get; }

    public ImmutableArray<Outcome> Outcomes { get; }

    public ImmutableArray<RuleRow> Rows { get; }

    public int Count => Rows.Length;

    public Rule this[int place] => Volatile.Read(ref _made[place]) ?? Make(place);

    /// <summary>The kind of decision that a rule contributes to.</summary>
    public DecisionKind KindOf(int place) => Outcomes[Rows[place].Says].Kind;

    /// <summary>What a rule states (<see cref="Omissions"/>).</summary>
    public uint StatedBy(int place) => Omissions.StatedBy(Outcomes[Rows[place].Says], Rows[place].IsCase);

    public static RuleTable Of(IReadOnlyCollection<Rule> rules)
    {
        var texts = new Interned<string>();
        var outcomes = new Interned<Outcome>();
        ImmutableArray<RuleRow>.Builder rows = ImmutableArray.CreateBuilder<RuleRow>(rules.Count);
        foreach (Rule rule in rules)
        {
            string numbered = RuleRow.NumberedPrefix(rule.Kind);
            int label = rule.Label.StartsWith(numbered, StringComparison.Ordinal)
                && int.TryParse(rule.Label.AsSpan(numbered.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? ~number : texts.PlaceOf(rule.Label);
            rows.Add(new RuleRow(texts.PlaceOf(rule.Policy), label, texts.PlaceOf(rule.Source.File), rule.Source.Line, rule.Source.Column,
                outcomes.PlaceOf(rule.Says) << 1 | (rule.IsCase ? 1 : 0)));
        }
        return new RuleTable(texts.Items, outcomes.Items, rows.MoveToImmutable());
    }

    public IEnumerator<Rule> GetEnumerator() => Enumerable.Range(0, Count).Select(place => this[place]).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private Rule Make(int place)
    {
        RuleRow row = Rows[place];
        Outcome says = Outcomes[row.Says];
        string label = row.Label < 0 ? RuleRow.NumberedPrefix(says.Kind) + (~row.Label).ToString(CultureInfo.InvariantCulture) : Texts[row.Label];
        var made = new Rule(Texts[row.Policy], label, new SourcePosition(Texts[row.File], row.Line, row.Column), says) { IsCase = row.IsCase };
        return Interlocked.CompareExchange(ref _made[place], made, null) ?? made;
    }

    /// <summary>Items with their places, in the order in which they first came.</summary>
    private sealed class Interned<T>
        where T : notnull
    {
        private readonly Dictionary<T, int> _places = [];

        public ImmutableArray<T> Items => [.. _places.OrderBy(item => item.Value).Select(item => item.Key)];

        public int PlaceOf(T item)
        {
            if (!_places.TryGetValue(item, out int place))
                _places.Add(item, place = _places.Count);
            return place;
        }
    }
}

/// <summary>A rule in places of its table.</summary>
/// <param name="Policy">The text of the policy's name.</param>
/// <param name="Label">The text of the label; negative the complement of a case's number.</param>
/// <param name="File">The text of the file's path.</param>
/// <param name="Line">The line.</param>
/// <param name="Column">The column.</param>
/// <param name="SaysAndCase">The outcome, times two, and one where the rule is a case.</param>
internal readonly record struct RuleRow(int Policy, int Label, int File, int Line, int Column, int SaysAndCase)
{
    public int Says => SaysAndCase >> 1;

    public bool IsCase => (SaysAndCase & 1) != 0;

    /// <summary>How the label of a numbered case begins.</summary>
    public static string NumberedPrefix(DecisionKind kind) => $"{kind.Name()} case ";
}
