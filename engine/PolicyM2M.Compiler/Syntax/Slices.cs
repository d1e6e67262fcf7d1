using System.Collections.Frozen;
using PolicyM2M.Engine.Vocabulary;
using Superpower.Model;

namespace PolicyM2M.Compiler.Syntax;

/// <summary>Cuts a file's tokens into declarations, and a block's into cases.</summary>
internal static class Slices
{
    private static readonly FrozenSet<string> Openers = FrozenSet.Create(StringComparer.Ordinal,
        ["policy", "define", "profile", "require", "forbid", "waive", "invariant", .. DecisionKinds.All.Select(kind => kind.Name())]);

    /// <summary>
    /// A declaration begins with its key word outside all braces; or at the start of a line, so that a brace left open swallows
    /// only its own declaration. The same word may be the kind of a profile or rule.
    /// </summary>
    public static IReadOnlyList<ArraySegment<Token<M2MToken>>> OfFile(SourceText source, IReadOnlyList<Token<M2MToken>> tokens)
    {
        Token<M2MToken>[] all = [.. tokens];
        var starts = new List<int>();
        int depth = 0;
        for (int i = 0; i < all.Length; i++)
        {
            bool opens = IsOpener(all[i]) && !IsKindOfRule(all, starts.Count > 0 ? starts[^1] : 0, i);
            if (i == 0 || (opens && (depth == 0 || IsFirstOnLine(source, all[i]))))
            {
                starts.Add(i);
                depth = 0;
            }
            depth = Math.Max(0, depth + Change(all[i].Kind));
        }
        return [.. starts.Select((start, n) => new ArraySegment<Token<M2MToken>>(all, start, (n + 1 < starts.Count ? starts[n + 1] : all.Length) - start))];
    }

    /// <summary>The cases of a block, each from its <c>when</c> or <c>otherwise</c>, and the place of the block's closing brace, or -1.</summary>
    public static (int Close, IReadOnlyList<ArraySegment<Token<M2MToken>>> Cases) OfBlock(ArraySegment<Token<M2MToken>> block)
    {
        const int FirstInside = 2;
        var starts = new List<int>();
        int depth = 1, close = -1;
        for (int i = FirstInside; i < block.Count && close < 0; i++)
        {
            depth += Change(block[i].Kind);
            if (depth == 0)
                close = i;
            else if (i == FirstInside || (depth == 1 && (Is(block[i], "when") || Is(block[i], "otherwise"))))
                starts.Add(i);
        }
        int end = close < 0 ? block.Count : close;
        return (close, [.. starts.Select((start, n) => block.Slice(start, (n + 1 < starts.Count ? starts[n + 1] : end) - start))]);
    }

    /// <summary>The first token at which a condition is nested too deeply for a recursive parser; -1 where none is.</summary>
    public static int FirstDeeperThan(int limit, ArraySegment<Token<M2MToken>> slice)
    {
        var outer = new Stack<int>();
        int depth = 0;
        for (int i = 0; i < slice.Count; i++)
        {
            if (slice[i].Kind == M2MToken.OpenParenthesis)
                outer.Push(depth++);
            else if (slice[i].Kind == M2MToken.CloseParenthesis && outer.Count > 0)
                depth = outer.Pop();
            else if (Is(slice[i], "not"))
                depth++;
            else if (Is(slice[i], "and") || Is(slice[i], "or"))
                depth = outer.Count > 0 ? outer.Peek() + 1 : 0;
            if (depth > limit)
                return i;
        }
        return -1;
    }

    public static bool Is(Token<M2MToken> token, string word) => token.Kind == M2MToken.Name && token.Span.EqualsValue(word);

    /// <summary>Whether the word follows a colon, or stands where a profile's or rule's kind would if the colon had not been forgotten.</summary>
    private static bool IsKindOfRule(Token<M2MToken>[] all, int start, int at) =>
        at > 0 && (all[at - 1].Kind == M2MToken.Colon
            || (at == start + 2 && DecisionKinds.TryParse(all[at].ToStringValue(), out _)
                && (Is(all[start], "profile") || Is(all[start], "require") || Is(all[start], "forbid") || Is(all[start], "invariant"))));

    /// <summary>Whether a declaration can begin with the token.</summary>
    public static bool IsOpener(Token<M2MToken> token) => token.Kind == M2MToken.Name && Openers.Contains(token.ToStringValue());

    private static int Change(M2MToken kind) => kind switch
    {
        M2MToken.OpenBrace => 1,
        M2MToken.CloseBrace => -1,
        _ => 0,
    };

    private static bool IsFirstOnLine(SourceText source, Token<M2MToken> token) => source.PositionOf(token.Span.Position.Absolute).Column == 1;
}
