using System.Data.Common;
using System.Text;

namespace PolicyM2M.Registry.Databases;

/// <summary>Devices as rows, and rows as devices.</summary>
internal static class DeviceRows
{
    /// <summary>The columns, in the order in which <see cref="Read"/> takes them.</summary>
    public const string Columns = "id, state, site, risk, revoked_at, revoked_reason, attributes, version, updated_at";

    /// <summary>Rows in one command. Few commands cost few round trips; but the PostgreSQL driver takes ten times as long over a row where a command has two thousand parameters.</summary>
    public const int RowsAtOnce = 40;

    private const int ColumnCount = 9;

    /// <summary>The device of a row whose columns begin at <paramref name="first"/>.</summary>
    /// <exception cref="RegistryUnavailableException">The row holds what this program never writes.</exception>
    public static Device Read(DbDataReader row, SharedTexts shared, int first = 0)
    {
        string id = row.GetString(first);
        if (!LifecycleStates.TryParse(row.GetString(first + 1), out LifecycleState state))
            throw new RegistryUnavailableException($"the database says of `{id}` a state that there is not");
        return new Device(
            id, state,
            row.IsDBNull(first + 2) ? null : shared.Same(row.GetString(first + 2)),
            row.IsDBNull(first + 3) ? null : row.GetInt32(first + 3),
            row.IsDBNull(first + 4) ? null : new Revocation(DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(first + 4)), row.GetString(first + 5)),
            shared.Attributes(id, row.GetString(first + 6)),
            row.GetInt64(first + 7),
            DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(first + 8)));
    }

    /// <summary>Writes devices, in place of what there is of the same ids.</summary>
    public static async Task WriteAsync(SqlSession sql, IEnumerable<Device> devices)
    {
        foreach (Device[] some in devices.Chunk(RowsAtOnce))
        {
            await sql.RunAsync($"INSERT INTO devices ({Columns}) VALUES {Places(some.Length, ColumnCount)} ON CONFLICT (id) DO UPDATE SET "
                + "state = excluded.state, site = excluded.site, risk = excluded.risk, revoked_at = excluded.revoked_at, revoked_reason = excluded.revoked_reason, "
                + "attributes = excluded.attributes, version = excluded.version, updated_at = excluded.updated_at",
                Numbered(some.SelectMany(Values))).ConfigureAwait(false);
        }
    }

    /// <summary><c>(@p0, @p1), (@p2, @p3)</c>.</summary>
    public static string Places(int rows, int columns)
    {
        var text = new StringBuilder();
        for (int row = 0; row < rows; row++)
            text.Append(row == 0 ? "(" : ", (").AppendJoin(", ", Enumerable.Range(row * columns, columns).Select(place => $"@p{place}")).Append(')');
        return text.ToString();
    }

    /// <summary>Values for the places.</summary>
    public static (string, object?)[] Numbered(IEnumerable<object?> values) => [.. values.Select((value, place) => ($"p{place}", value))];

    private static object?[] Values(Device device) =>
    [
        device.Id, LifecycleStates.Text(device.State), device.Site, device.Risk, device.Revocation?.At.ToUnixTimeMilliseconds(), device.Revocation?.Reason,
        device.Attributes.ToJson(), device.Version, device.UpdatedAt.ToUnixTimeMilliseconds(),
    ];
}
