using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace PolicyM2M.Solution.Tests;

/// <summary>Prints what an assembly offers to others, in a fixed order, as C# would declare it. What the compiler adds to records is left out.</summary>
internal static class PublicApi
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static string Print(Assembly assembly, Func<Type, bool> include)
    {
        var text = new StringBuilder();
        foreach (Type type in assembly.GetExportedTypes().Where(include).OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(TypeText.Declaration(type)).Append('\n');
            foreach (string member in Members(type).Order(StringComparer.Ordinal))
                text.Append("    ").Append(member).Append('\n');
        }
        return text.Length == 0 ? "nothing\n" : text.ToString();
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
            return Enum.GetNames(type).Select(name => $"{name} = {Convert.ToInt64(Enum.Parse(type, name), null)}");

        IEnumerable<string> fields = type.GetFields(Declared).Where(IsOffered).Select(Field);
        IEnumerable<string> properties = type.GetProperties(Declared).Where(property => property.GetAccessors(nonPublic: true).Any(IsOffered)).Select(Property);
        IEnumerable<string> constructors = type.GetConstructors(Declared).Where(IsOffered).Select(c => $"{Access(c)}{TypeText.Name(type)}({Parameters(c)})");
        IEnumerable<string> methods = type.GetMethods(Declared).Where(m => IsOffered(m) && (!m.IsSpecialName || m.Name.StartsWith("op_", StringComparison.Ordinal)))
            .Where(m => m.GetBaseDefinition().DeclaringType != typeof(object)).Select(Method);
        IEnumerable<string> events = type.GetEvents(Declared).Where(e => IsOffered(e.AddMethod!)).Select(e => $"event {TypeText.Name(e.EventHandlerType!)} {e.Name}");
        return fields.Concat(properties).Concat(constructors).Concat(methods).Concat(events);
    }

    private static bool IsOffered(MethodBase method) =>
        (method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly) && !IsCompilers(method) && !IsCopyConstructor(method);

    private static bool IsOffered(FieldInfo field) => (field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly) && !IsCompilers(field);

    /// <summary>An accessor of an automatic property is the compiler's too, but it is the user's to call.</summary>
    private static bool IsCompilers(MemberInfo member) =>
        member.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false) && member is not MethodInfo { IsSpecialName: true, Name: ['g' or 's', 'e', 't', '_', ..] }
        || member.Name is "PrintMembers" or "EqualityContract" or "get_EqualityContract" or "<Clone>$";

    private static bool IsCopyConstructor(MethodBase method) =>
        method is ConstructorInfo && method.GetParameters() is [var only] && only.ParameterType == method.DeclaringType
        && method.DeclaringType!.GetMethod("<Clone>$") is not null;

    private static string Field(FieldInfo field)
    {
        string kind = field.IsLiteral ? "const " : (field.IsStatic ? "static " : "") + (field.IsInitOnly ? "readonly " : "");
        string value = field.IsLiteral ? $" = {field.GetRawConstantValue()}" : "";
        return $"{kind}{TypeText.Name(field.FieldType)} {field.Name}{value}";
    }

    private static string Property(PropertyInfo property)
    {
        MethodInfo[] accessors = [.. property.GetAccessors(nonPublic: true).Where(IsOffered)];
        IEnumerable<string> words = accessors.Select(accessor => accessor == property.GetMethod ? "get;"
            : accessor.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init;" : "set;");
        string name = property.GetIndexParameters() is { Length: > 0 } index ? $"this[{string.Join(", ", index.Select(Parameter))}]" : property.Name;
        return $"{Modifiers(accessors[0])}{TypeText.Name(property.PropertyType)} {name} {{ {string.Join(' ', words)} }}";
    }

    private static string Method(MethodInfo method)
    {
        string generic = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(TypeText.Name))}>" : "";
        return $"{Modifiers(method)}{TypeText.Name(method.ReturnType)} {method.Name}{generic}({Parameters(method)})";
    }

    private static string Modifiers(MethodInfo method)
    {
        string inheritance = method.DeclaringType!.IsInterface ? ""
            : method.IsAbstract ? "abstract "
            : method.IsVirtual && !method.IsFinal && !method.DeclaringType.IsSealed ? method.GetBaseDefinition() == method ? "virtual " : "override "
            : "";
        return $"{Access(method)}{(method.IsStatic ? "static " : "")}{inheritance}";
    }

    private static string Access(MethodBase method) => method.IsPublic ? "" : "protected ";

    private static string Parameters(MethodBase method)
    {
        string extension = method.IsDefined(typeof(ExtensionAttribute), inherit: false) ? "this " : "";
        return extension + string.Join(", ", method.GetParameters().Select(Parameter));
    }

    private static string Parameter(ParameterInfo parameter)
    {
        string way = parameter.IsOut ? "out " : parameter.ParameterType.IsByRef ? parameter.IsIn ? "in " : "ref "
            : parameter.IsDefined(typeof(ParamArrayAttribute), inherit: false) ? "params " : "";
        string value = parameter.HasDefaultValue ? $" = {parameter.DefaultValue ?? "default"}" : "";
        return $"{way}{TypeText.Name(parameter.ParameterType)} {parameter.Name}{value}";
    }
}
