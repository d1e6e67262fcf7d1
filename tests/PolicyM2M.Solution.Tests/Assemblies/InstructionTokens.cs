using System.Collections.Frozen;
using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace PolicyM2M.Solution.Tests.Assemblies;

/// <summary>The metadata tokens that the instructions of a method name (ECMA-335, partition III).</summary>
internal static class InstructionTokens
{
    private const byte TwoByteOpCode = 0xFE;

    private static readonly FrozenDictionary<short, OperandType> Operands = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToFrozenDictionary(code => code.Value, code => code.OperandType);

    public static IEnumerable<EntityHandle> Of(BlobReader instructions)
    {
        var tokens = new List<EntityHandle>();
        while (instructions.RemainingBytes > 0)
        {
            byte first = instructions.ReadByte();
            short code = first == TwoByteOpCode ? (short)(TwoByteOpCode << 8 | instructions.ReadByte()) : first;
            switch (Operands[code])
            {
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType or OperandType.InlineSig:
                    tokens.Add(MetadataTokens.EntityHandle(instructions.ReadInt32()));
                    break;
                case OperandType.InlineSwitch:
                    int targets = instructions.ReadInt32();
                    instructions.Offset += targets * sizeof(int);
                    break;
                case OperandType operand:
                    instructions.Offset += SizeOf(operand);
                    break;
            }
        }
        return tokens;
    }

    private static int SizeOf(OperandType operand) => operand switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineBrTarget or OperandType.InlineI or OperandType.InlineString or OperandType.ShortInlineR => 4,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        _ => throw new InvalidOperationException($"an operand of the kind {operand} holds a token"),
    };
}
