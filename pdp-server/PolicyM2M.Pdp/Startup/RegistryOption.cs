using PolicyM2M.Registry;
using PolicyM2M.Registry.Databases;

namespace PolicyM2M.Pdp.Startup;

/// <summary>Where the registry is kept, as the command line says it. A password never stands there: every user of the machine can read command lines.</summary>
internal static class RegistryOption
{
    public const string Forms = "sqlite:PATH, postgres-file:FILE or postgres-env:NAME, where FILE or the environment variable NAME holds the connection string";

    private const string Sqlite = "sqlite:", PostgresFile = "postgres-file:", PostgresVariable = "postgres-env:";

    /// <summary>Whether a text has one of the forms.</summary>
    public static bool IsOne(string text) => new[] { Sqlite, PostgresFile, PostgresVariable }.Any(form => text.Length > form.Length && text.StartsWith(form, StringComparison.Ordinal));

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
            throw new StartupException($"--registry-db: what `{option}` holds is no connection string; expected such as `Host=db.example;Database=policym2m;Username=pdp;Password=…;SSL Mode=VerifyFull`",
                ExitCode.CouldNotRun, fault);
        }
    }

    private static string ConnectionString(string option)
    {
        if (option.StartsWith(PostgresVariable, StringComparison.Ordinal))
        {
            string name = option[PostgresVariable.Length..];
            return Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : throw new StartupException($"--registry-db: there is no environment variable `{name}`");
        }
        string file = option[PostgresFile.Length..];
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"--registry-db: `{file}` cannot be read: {fault.Message}", ExitCode.CouldNotRun, fault);
        }
    }
}
