namespace PolicyM2M.Registry.Files;

/// <summary>Something about one place of a file.</summary>
/// <param name="Line">The line, from 1.</param>
/// <param name="Column">The column, from 1, in characters.</param>
/// <param name="Message">What is wrong there, and what was expected.</param>
public sealed record ImportFault(int Line, int Column, string Message);

/// <summary>The formats of a file of devices.</summary>
public enum ImportFormat
{
    /// <summary>Comma-separated values (RFC 4180): the first line names the attributes, each further line is a device.</summary>
    Csv,

    /// <summary>JSON: an object <c>devices</c> by id, an array of devices, or one device a line.</summary>
    Json,
}

/// <summary>A value and where it stands.</summary>
internal readonly record struct ImportField(string Name, object Value, int Line, int Column);

/// <summary>What a file says of one device, before anybody has judged it.</summary>
/// <param name="Line">Where it begins.</param>
/// <param name="Column">Where it begins in that line.</param>
/// <param name="Id">Its id, where the format says it outside the fields; otherwise null.</param>
/// <param name="Fields">Its fields: texts of a format without types, or attribute values.</param>
internal sealed record ImportRow(int Line, int Column, string? Id, List<ImportField> Fields)
{
    /// <summary>Whether a fault of it was found already; it is looked at only for which device it is.</summary>
    public bool IsFaulty { get; init; }
}
