using System.Text;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement.Deciding;

/// <summary>Writes a kind and a context as one text: equal texts, equal questions.</summary>
internal static class ContextKey
{
    public static string Of(DecisionKind kind, DeviceContext context)
    {
        var key = new StringBuilder(kind.Name());
        // Lengths go before texts, so that no value can imitate another attribute.
        foreach ((string name, AttributeValue value) in context.Values)
        {
            Append(key.Append('\n'), name);
            key.Append(value.Kind == AttributeValueKind.Set ? '#' : '=');
            foreach (string text in value.Kind == AttributeValueKind.Set ? value.Texts : [value.ToString()])
                Append(key, text);
        }
        return key.ToString();
    }

    private static void Append(StringBuilder key, string text) => key.Append(text.Length).Append(':').Append(text);
}
