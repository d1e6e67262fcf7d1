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
    /// only its own declaration. The name of a kind begins one where a brace follows it, or at the start of a line; elsewhere it is the kind of a profile or rule, or somebody took it for a name.
    /// </summary>
    public static IReadOnlyList<ArraySegment<Token<M2MToken>>> OfFile(SourceText source, IReadOnlyList<Token<M2MToken>> tokens)
    {
        Token<M2MToken>[] all = [.. tokens];
        var starts = new List<int>();
        int depth = 0;
        for (int i = 0; i < all.Length; i++)
        {
            bool isFirst = IsFirstOnLine(source, all[i]);
            bool opens = IsOpener(all[i]) && !(i > 0 && all[i - 1].Kind == M2MToken.Colon) && (!IsKind(all[i]) || IsBlock(all, starts.Count > 0 ? starts[^1] : 0, i, isFirst));
            if (i == 0 || (opens && (depth == 0 || isFirst)))
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

    /// <summary>Whether a kind begins a block: it does not where the name of a declaration stands, nor where its kind would if the colon had not been forgotten.</summary>
    private static bool IsBlock(Token<M2MToken>[] all, int start, int at, bool isFirst) =>
        (isFirst || (at + 1 < all.Length && all[at + 1].Kind == M2MToken.OpenBrace))
        && !(at == start + 1 && !isFirst && !IsKind(all[start]))
        && !(at == start + 2 && (Is(all[start], "profile") || Is(all[start], "require") || Is(all[start], "forbid") || Is(all[start], "invariant")));

    private static bool IsKind(Token<M2MToken> token) => token.Kind == M2MToken.Name && DecisionKinds.TryParse(token.ToStringValue(), out _);

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
