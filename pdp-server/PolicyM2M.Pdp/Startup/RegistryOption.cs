using PolicyM2M.Audit.Storage;
using PolicyM2M.Registry;
using PolicyM2M.Registry.Databases;

namespace PolicyM2M.Pdp.Startup;

/// <summary>Where the registry is kept, as the command line says it. A password never stands there: every user of the machine can read command lines.</summary>
internal static class RegistryOption
{
    public const string Forms = "sqlite:PATH, postgres-file:FILE or postgres-env:NAME, where FILE or the environment variable NAME holds the connection string";

    private const string Prefix = "--registry-db: ";

    /// <summary>More bytes than a connection string has.</summary>
    private const int LongestConnectionString = 64 << 10;

    private const string Sqlite = "sqlite:", PostgresFile = "postgres-file:", PostgresVariable = "postgres-env:";

    /// <summary>Whether a text has one of the forms.</summary>
    public static bool IsOne(string text) => new[] { Sqlite, PostgresFile, PostgresVariable }.Any(form => text.Length > form.Length && text.StartsWith(form, StringComparison.Ordinal));

    /// <summary>The file that holds the connection string; null where there is none.</summary>
    public static string? FileOf(string? option) => option?.StartsWith(PostgresFile, StringComparison.Ordinal) == true ? option[PostgresFile.Length..] : null;

    /// <summary>Why a registry cannot be opened as a text in one of the forms says; null where it can, as far as that shows without connecting to it.</summary>
    public static string? FaultOf(string option)
    {
        try
        {
            Database(option, TimeProvider.System).DisposeAsync().AsTask().GetAwaiter().GetResult();
            return null;
        }
        catch (StartupException fault)
        {
            return fault.Message[Prefix.Length..];
        }
    }

    /// <summary>The registry; it is not connected to yet.</summary>
    /// <exception cref="StartupException">There is no connection string, or it is none.</exception>
    public static DeviceStore Open(string? option, DataFolder data, TimeProvider clock) => new(Database(option ?? Sqlite + data.RegistryDatabase, clock), clock);

    private static IRegistryDatabase Database(string option, TimeProvider clock)
    {
        if (option.StartsWith(Sqlite, StringComparison.Ordinal))
            return new SqliteDatabase(option[Sqlite.Length..], clock);
        try
        {
            return new PostgresDatabase(ConnectionString(option));
        }
        catch (ArgumentException fault)
        {
            // What the string holds is not repeated: it may be the password.
            throw new StartupException($"{Prefix}what `{option}` holds is no connection string; expected such as `Host=db.example;Database=policym2m;Username=pdp;Password=…;SSL Mode=VerifyFull`",
                ExitCode.CouldNotRun, fault);
        }
    }

    private static string ConnectionString(string option)
    {
        if (option.StartsWith(PostgresVariable, StringComparison.Ordinal))
        {
            string name = option[PostgresVariable.Length..];
            return Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : throw new StartupException($"{Prefix}there is no environment variable `{name}`");
        }
        string file = option[PostgresFile.Length..];
        try
        {
            return OrdinaryFile.ReadText(file, LongestConnectionString).Trim();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"{Prefix}`{file}` cannot be read: {FaultText.Of(fault)}", ExitCode.CouldNotRun, fault);
        }
    }
}
