using System.Diagnostics.CodeAnalysis;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Syntax;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace PolicyM2M.Compiler.Sets;

/// <summary>Reads YAML whose every part has a place in the source, so that faults can point at it.</summary>
internal static class YamlText
{
    /// <summary>Our files need four levels. The limit keeps a hostile file from exhausting the stack of the loader, which is recursive.</summary>
    private const int MaximumNesting = 16;

    /// <summary>The mapping that the file is; null, with a fault, where it is none.</summary>
    public static YamlMappingNode? Mapping(SourceText source, Faults faults)
    {
        // For the library some of these end a line, and a key would stand in what looks like a comment.
        Lexer.RefuseHidden(source, new Span(0, source.Text.Length), faults);
        var read = new Span(0, 1);
        try
        {
            if (!IsShallow(source, faults, ref read))
                return null;
            var stream = new YamlStream();
            stream.Load(new StringReader(source.Text));
            if (stream.Documents is [{ RootNode: YamlMappingNode root }])
                return root;
            faults.MalformedYaml(source, new Span(0, 1), "expected one document that is a mapping of keys to values");
            return null;
        }
        catch (YamlException malformed)
        {
            // Some faults the library places at the beginning of the file; what it read last is nearer.
            faults.MalformedYaml(source, malformed.Start.Index == 0 ? read : At(malformed.Start, source), YamlFaultText.Of(malformed.Message));
            return null;
        }
        catch (Exception slip) when (slip is InvalidOperationException or ArgumentException or FormatException or OverflowException)
        {
            // The library's own: it throws these for `a: [b` before a key, and for an escape beyond Unicode.
            faults.MalformedYaml(source, read, "what follows cannot be read; is a bracket or a quote left open, or an escape no character?");
            return null;
        }
    }

    public static Span SpanOf(YamlNode node, SourceText source) => At(node.Start, source) with { Length = Math.Max(1, (int)(node.End.Index - node.Start.Index)) };

    /// <summary>The entries of a mapping; keys that are no plain texts, or unknown, are reported and left out.</summary>
    public static IEnumerable<(string Key, YamlNode KeyNode, YamlNode Value)> Entries(
        YamlMappingNode mapping, SourceText source, Faults faults, IReadOnlyCollection<string>? known)
    {
        foreach ((YamlNode keyNode, YamlNode value) in mapping.Children)
        {
            string? key = (keyNode as YamlScalarNode)?.Value;
            if (key is null)
                faults.NoKey(source, SpanOf(keyNode, source));
            else if (known is not null && !known.Contains(key))
                faults.UnknownKey(source, SpanOf(keyNode, source), key, known);
            else
                yield return (key, keyNode, value);
        }
    }

    /// <summary>Whether a value is none: a plain scalar that is empty, or one of the ways in which YAML writes null.</summary>
    public static bool IsNull(YamlNode value) => value is YamlScalarNode { Value: null or "" or "~" or "null" or "Null" or "NULL", Style: ScalarStyle.Plain };

    /// <summary>Which truth a plain scalar is (YAML 1.2.2, section 10.3.2); null where it is none. An editor that checks by a schema reads it so too.</summary>
    public static bool? Truth(YamlNode value) => value is not YamlScalarNode { Style: ScalarStyle.Plain, Value: { } text } ? null : text switch
    {
        "true" or "True" or "TRUE" => true,
        "false" or "False" or "FALSE" => false,
        _ => null,
    };

    /// <summary>A text that is not empty; null, with a fault, where the value is none.</summary>
    public static bool TryText(YamlNode value, string key, SourceText source, Faults faults, [NotNullWhen(true)] out string? text)
    {
        text = (value as YamlScalarNode)?.Value;
        if (!string.IsNullOrWhiteSpace(text) && !IsNull(value))
            return true;
        faults.WrongValue(source, SpanOf(value, source), key, text is "null" or "~" ? $"a text; where `{text}` is one it stands in quotes" : "a text");
        return false;
    }

    /// <param name="source">The file.</param>
    /// <param name="faults">Where to report.</param>
    /// <param name="read">The last place that could be read.</param>
    private static bool IsShallow(SourceText source, Faults faults, ref Span read)
    {
        var parser = new Parser(new StringReader(source.Text));
        int depth = 0;
        while (parser.MoveNext())
        {
            read = At(parser.Current!.Start, source);
            depth += parser.Current.NestingIncrease;
            if (depth > MaximumNesting)
            {
                faults.TooDeep(source, At(parser.Current.Start, source), MaximumNesting, null);
                return false;
            }
        }
        return true;
    }

    private static Span At(Mark mark, SourceText source) => new(Math.Clamp((int)mark.Index, 0, source.Text.Length), 1);
}
