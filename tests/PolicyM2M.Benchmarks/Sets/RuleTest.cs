using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Benchmarks.Sets;

/// <summary>A test of one attribute as a generator makes it. It knows how a policy spells it, and answers on its own: nothing here asks the compiler or the engine.</summary>
/// <param name="Attribute">The attribute's place in its set.</param>
internal abstract record RuleTest(int Attribute)
{
    public abstract bool Holds(AttributeValue value);

    /// <summary>How a policy spells it.</summary>
    /// <param name="name">The attribute's name.</param>
    public abstract string Spell(string name);

    /// <summary>The text is this one.</summary>
    public sealed record Equal(int Attribute, string Text) : RuleTest(Attribute)
    {
        public override bool Holds(AttributeValue value) => value.Text == Text;

        public override string Spell(string name) => $"{name} == \"{Text}\"";
    }

    /// <summary>The truth value is true.</summary>
    public sealed record True(int Attribute) : RuleTest(Attribute)
    {
        public override bool Holds(AttributeValue value) => value.Boolean;

        public override string Spell(string name) => name;
    }

    /// <summary>The number is at least this.</summary>
    public sealed record AtLeast(int Attribute, long Low) : RuleTest(Attribute)
    {
        public override bool Holds(AttributeValue value) => value.Integer >= Low;

        public override string Spell(string name) => $"{name} >= {Low}";
    }

    /// <summary>The number is at most this.</summary>
    public sealed record AtMost(int Attribute, long High) : RuleTest(Attribute)
    {
        public override bool Holds(AttributeValue value) => value.Integer <= High;

        public override string Spell(string name) => $"{name} <= {High}";
    }

    /// <summary>The number lies between these, both included.</summary>
    public sealed record Between(int Attribute, long Low, long High) : RuleTest(Attribute)
    {
        public override bool Holds(AttributeValue value) => value.Integer >= Low && value.Integer <= High;

        public override string Spell(string name) => $"{name} in {Low}..{High}";
    }

    /// <summary>The text is in a list that the policy defines once, under a name.</summary>
    public sealed record Listed(int Attribute, string Definition, FrozenSet<string> Texts) : RuleTest(Attribute)
    {
        public override bool Holds(AttributeValue value) => Texts.Contains(value.Text);

        public override string Spell(string name) => Definition;

        public string Define(string name) => $"define {Definition} = {name} in [{string.Join(", ", Texts.Order(StringComparer.Ordinal).Select(text => $"\"{text}\""))}]";
    }

    /// <summary>The address lies in one of these blocks.</summary>
    public sealed record Within(int Attribute, ImmutableArray<IPNetwork> Blocks) : RuleTest(Attribute)
    {
        public override bool Holds(AttributeValue value) => IPAddress.TryParse(value.Text, out IPAddress? address) && Blocks.Any(block => block.Contains(address));

        public override string Spell(string name) => $"{name} within [{string.Join(", ", Blocks)}]";
    }
}
