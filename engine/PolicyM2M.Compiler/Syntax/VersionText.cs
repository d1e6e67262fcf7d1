namespace PolicyM2M.Compiler.Syntax;

/// <summary>Versions as policies and schemas write them. What a device reports is read leniently; these are written once, and read by many.</summary>
internal static class VersionText
{
    /// <summary>A version as Semantic Versioning 2.0.0 writes it (sections 2 and 9): no number of it begins with a zero.</summary>
    public static string WithoutLeadingZeros(string text)
    {
        string[] build = text.Split('+', 2);
        build[0] = string.Join('-', build[0].Split('-', 2).Select(part => string.Join('.', part.Split('.').Select(Stripped))));
        return string.Join('+', build);

        static string Stripped(string identifier) => identifier.Length > 1 && identifier.All(char.IsAsciiDigit)
            ? identifier.TrimStart('0') is { Length: > 0 } digits ? digits : "0"
            : identifier;
    }
}
