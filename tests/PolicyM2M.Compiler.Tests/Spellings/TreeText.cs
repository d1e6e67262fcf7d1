using System.Collections;
using System.Reflection;
using System.Text;
using PolicyM2M.Compiler.Syntax;

namespace PolicyM2M.Compiler.Tests.Spellings;

/// <summary>A syntax tree as text, without its places in the source: two trees say the same if these are equal. It reads the types, so it knows new ones.</summary>
internal static class TreeText
{
    public static string Of(PolicySyntax policy)
    {
        var text = new StringBuilder();
        Write(text, policy, 0);
        return text.ToString();
    }

    private static void Write(StringBuilder text, object? value, int depth)
    {
        switch (value)
        {
            case null or string or bool or int or long or Enum:
                text.Append(value ?? "(none)").Append('\n');
                break;
            case IEnumerable items:
                text.Append("[\n");
                foreach (object? item in items)
                    Write(text.Append(' ', depth * 2), item, depth + 1);
                break;
            default:
                text.Append(value.GetType().Name).Append('\n');
                foreach (PropertyInfo property in value.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
                {
                    if (property.PropertyType != typeof(Span) && property.PropertyType != typeof(Span?) && property.PropertyType != typeof(SourceText)
                        && property.Name is not (nameof(PolicySyntax.Comments) or nameof(PolicySyntax.Entries)))
                    {
                        Write(text.Append(' ', depth * 2).Append(property.Name).Append(": "), property.GetValue(value), depth + 1);
                    }
                }
                break;
        }
    }
}
