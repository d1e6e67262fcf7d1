using System.Data.Common;
using System.Globalization;
using System.Reflection;

namespace PolicyM2M.Registry.Databases;

/// <summary>Brings a database to the tables that this program knows: the numbered files that it has not seen yet, in order, in one transaction.</summary>
internal static class Migrations
{
    /// <summary>Brings the database up to date, and makes it where it may be made.</summary>
    /// <exception cref="RegistryUnavailableException">The database was migrated by a newer program.</exception>
    public static async Task RunAsync(IRegistryDatabase database, bool create, CancellationToken cancellationToken)
    {
        (int Number, string Sql)[] known = Known(database.Dialect);
        DbConnection connection = await database.OpenAsync(create, cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            DbTransaction transaction = await database.BeginMigrationAsync(connection, cancellationToken).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                var sql = new SqlSession(connection, transaction, cancellationToken);
                await sql.RunAsync("CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY)").ConfigureAwait(false);
                long done = await sql.NumberAsync("SELECT COALESCE(MAX(number), 0) FROM migrations").ConfigureAwait(false);
                if (done > known[^1].Number)
                    throw new RegistryUnavailableException($"{database.Name} has tables of version {done}, and this program knows version {known[^1].Number}: it was migrated by a newer one");
                foreach ((int number, string text) in known.Where(migration => migration.Number > done))
                {
                    await sql.RunAsync(text).ConfigureAwait(false);
                    await sql.RunAsync("INSERT INTO migrations (number) VALUES (@number)", ("number", number)).ConfigureAwait(false);
                }
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The migrations of a dialect: <c>sqlite.0001.sql</c> and so on.</summary>
    private static (int Number, string Sql)[] Known(string dialect)
    {
        Assembly here = typeof(Migrations).Assembly;
        return [.. here.GetManifestResourceNames()
            .Select(name => (Name: name, Parts: name.Split('.')))
            .Where(resource => resource.Parts is [var its, _, "sql"] && its == dialect)
            .Select(resource => (int.Parse(resource.Parts[1], CultureInfo.InvariantCulture), Read(here, resource.Name)))
            .OrderBy(migration => migration.Item1)];
    }

    private static string Read(Assembly assembly, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
