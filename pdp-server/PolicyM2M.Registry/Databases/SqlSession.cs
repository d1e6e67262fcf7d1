using System.Data.Common;
using System.Globalization;

namespace PolicyM2M.Registry.Databases;

/// <summary>Commands on one connection, with values as parameters and never in the text.</summary>
internal sealed class SqlSession(DbConnection connection, DbTransaction? transaction, CancellationToken cancellationToken)
{
    /// <summary>Runs commands that give nothing back.</summary>
    public async Task RunAsync(string sql, params (string Name, object? Value)[] values)
    {
        DbCommand command = Command(sql, values);
        await using (command.ConfigureAwait(false))
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs a command that gives one number.</summary>
    public async Task<long> NumberAsync(string sql, params (string Name, object? Value)[] values)
    {
        DbCommand command = Command(sql, values);
        await using (command.ConfigureAwait(false))
            return Convert.ToInt64(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false), CultureInfo.InvariantCulture);
    }

    /// <summary>Runs a query, and takes each row as it comes.</summary>
    public async Task EachAsync(string sql, Action<DbDataReader> take, params (string Name, object? Value)[] values)
    {
        DbCommand command = Command(sql, values);
        await using (command.ConfigureAwait(false))
        {
            DbDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                    take(reader);
            }
        }
    }

    private DbCommand Command(string sql, (string Name, object? Value)[] values)
    {
        DbCommand command = connection.CreateCommand();
        command.Transaction = transaction;
        // CA2100: every text is this project's own; what comes from outside is a parameter.
#pragma warning disable CA2100
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach ((string name, object? value) in values)
        {
            DbParameter parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value ?? DBNull.Value);
            command.Parameters.Add(parameter);
        }
        return command;
    }
}
