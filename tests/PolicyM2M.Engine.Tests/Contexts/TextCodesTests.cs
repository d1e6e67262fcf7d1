using System.Collections.Immutable;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Engine.Tests.Contexts;

/// <summary>Every known text is found, and no other.</summary>
internal sealed class TextCodesTests
{
    [Test]
    public void Texts_of_every_length_are_told_apart()
    {
        ImmutableArray<string> texts = [.. Enumerable.Range(0, 24).Select(length => new string('x', length)), "zone-00", "zone-01", "zone-0\0", "zöne-00"];
        Demand(texts, [.. texts.Select(text => text + "\0"), "zone-02", "\0", "one-00", "xx\0"]);
    }

    [Test]
    public void Texts_that_differ_only_in_the_middle_are_told_apart()
    {
        ImmutableArray<string> texts = [.. Enumerable.Range(0, 1000).Select(number => $"urn:dev:{number:D6}:tail")];
        Demand(texts, [.. Enumerable.Range(1000, 1000).Select(number => $"urn:dev:{number:D6}:tail")]);
    }

    private static void Demand(ImmutableArray<string> known, ImmutableArray<string> others)
    {
        var codes = new TextCodes(known);
        // Copies: in a context no text is the very object that the table holds.
        Assert.That(known.Select(text => codes.CodeOf(new string(text.AsSpan()))), Is.EqualTo(Enumerable.Range(0, known.Length).Select(code => (long)code)));
        Assert.That(others.Select(codes.CodeOf), Is.All.EqualTo(AttributeCoding.OtherText));
    }
}
