using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace PolicyM2M.Solution.Tests.Assemblies;

/// <summary>
/// Finds which types the code of an assembly uses: base types, interfaces, fields, signatures, local variables, attributes
/// and everything that instructions name. Stronger than reading `using` lines, which a fully qualified name evades.
/// </summary>
internal sealed class TypeUseReader(PEReader image, MetadataReader metadata)
{
    private readonly HashSet<TypeUse> _uses = [];
    private readonly TypeNames _names = new(metadata);

    public IReadOnlyCollection<TypeUse> Read()
    {
        foreach (TypeDefinitionHandle handle in metadata.TypeDefinitions)
            Read(metadata.GetTypeDefinition(handle), _names.Outermost(handle));
        return _uses;
    }

    private void Read(TypeDefinition type, TypeName user)
    {
        Use(user, _names.Of(type.BaseType));
        foreach (InterfaceImplementationHandle handle in type.GetInterfaceImplementations())
            Use(user, _names.Of(metadata.GetInterfaceImplementation(handle).Interface));
        Attributes(user, type.GetCustomAttributes());
        foreach (FieldDefinitionHandle handle in type.GetFields())
        {
            FieldDefinition field = metadata.GetFieldDefinition(handle);
            Use(user, field.DecodeSignature(_names, null));
            Attributes(user, field.GetCustomAttributes());
        }
        foreach (MethodDefinitionHandle handle in type.GetMethods())
            Read(metadata.GetMethodDefinition(handle), user);
    }

    private void Read(MethodDefinition method, TypeName user)
    {
        Use(user, TypeNames.All(method.DecodeSignature(_names, null)));
        Attributes(user, method.GetCustomAttributes());
        if (method.RelativeVirtualAddress == 0)
            return;

        MethodBodyBlock body = image.GetMethodBody(method.RelativeVirtualAddress);
        if (!body.LocalSignature.IsNil)
            Use(user, metadata.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(_names, null).SelectMany(names => names));
        foreach (ExceptionRegion region in body.ExceptionRegions)
            Use(user, _names.Of(region.CatchType));
        foreach (EntityHandle token in InstructionTokens.Of(body.GetILReader()))
            Use(user, _names.Of(token));
    }

    private void Attributes(TypeName user, CustomAttributeHandleCollection attributes)
    {
        foreach (CustomAttributeHandle handle in attributes)
            Use(user, _names.Of(metadata.GetCustomAttribute(handle).Constructor));
    }

    private void Use(TypeName user, IEnumerable<TypeName> used)
    {
        foreach (TypeName name in used)
        {
            if (name != user)
                _uses.Add(new TypeUse(user, name));
        }
    }
}
