using PolicyM2M.Testing;

namespace PolicyM2M.Registry.Tests;

/// <summary>The one PostgreSQL server of this run, started by the first test that wants it.</summary>
[SetUpFixture]
public sealed class PostgresServer
{
    private static readonly Lock Starting = new();
    private static TemporaryPostgres? _running;

    /// <summary>The server; skips the running test where PostgreSQL is not installed.</summary>
    internal static TemporaryPostgres Running
    {
        get
        {
            lock (Starting)
                return _running ??= new TemporaryPostgres();
        }
    }

    [OneTimeTearDown]
    public void Stop() => _running?.Dispose();
}
