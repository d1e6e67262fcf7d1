namespace PolicyM2M.Solution.Tests;

/// <summary>Types as C# writes them.</summary>
internal static class TypeText
{
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
        [typeof(bool)] = "bool",
        [typeof(char)] = "char",
        [typeof(byte)] = "byte",
        [typeof(short)] = "short",
        [typeof(ushort)] = "ushort",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(double)] = "double",
        [typeof(decimal)] = "decimal",
    };

    /// <summary>The head of a type's declaration, with what it derives from.</summary>
    public static string Declaration(Type type)
    {
        string kind = type.IsEnum ? "enum"
            : type.IsInterface ? "interface"
            : typeof(Delegate).IsAssignableFrom(type) ? "delegate"
            : type.IsValueType ? "struct"
            : type is { IsAbstract: true, IsSealed: true } ? "static class"
            : type.IsAbstract ? "abstract class"
            : type.IsSealed ? "sealed class" : "class";
        if (type.GetMethod("<Clone>$") is not null)
            kind = kind.Replace("class", "record", StringComparison.Ordinal);

        Type? parent = type.BaseType is { } b && b != typeof(object) && b != typeof(ValueType) && b != typeof(Enum) ? b : null;
        IEnumerable<Type> interfaces = type.IsEnum ? [] : type.GetInterfaces().Except(type.BaseType?.GetInterfaces() ?? []);
        string[] bases = [.. parent is null ? [] : new[] { Name(parent) }, .. interfaces.Select(Name).Order(StringComparer.Ordinal)];
        string scope = type.Namespace is null ? "" : $"{type.Namespace}.";
        return $"{kind} {scope}{Name(type)}{(bases.Length == 0 ? "" : " : " + string.Join(", ", bases))}";
    }

    /// <summary>A type's name without its namespace, with its type arguments and the types it is nested in.</summary>
    public static string Name(Type type)
    {
        if (type.IsByRef)
            return Name(type.GetElementType()!);
        if (type.IsArray)
            return $"{Name(type.GetElementType()!)}[]";
        if (type.IsPointer)
            return $"{Name(type.GetElementType()!)}*";
        if (Keywords.TryGetValue(type, out string? keyword))
            return keyword;
        if (Nullable.GetUnderlyingType(type) is { } underlying)
            return $"{Name(underlying)}?";

        string name = type.Name.Split('`')[0];
        if (type.IsGenericParameter)
            return name;
        Type[] arguments = type.GetGenericArguments();
        string outer = type.DeclaringType is { } declaring ? $"{Name(declaring)}." : "";
        return type.Name.Contains('`', StringComparison.Ordinal) ? $"{outer}{name}<{string.Join(", ", arguments.Select(Name))}>" : outer + name;
    }
}
