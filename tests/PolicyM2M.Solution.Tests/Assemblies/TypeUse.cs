namespace PolicyM2M.Solution.Tests.Assemblies;

/// <summary>A type as metadata names it; of a nested type, the outermost that holds it.</summary>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Name">Its name.</param>
internal readonly record struct TypeName(string Namespace, string Name)
{
    public override string ToString() => Namespace.Length == 0 ? Name : $"{Namespace}.{Name}";
}

/// <summary>One type's code naming another type.</summary>
/// <param name="User">The type that does.</param>
/// <param name="Used">The type it names.</param>
internal readonly record struct TypeUse(TypeName User, TypeName Used)
{
    public override string ToString() => $"{User} -> {Used}";
}
