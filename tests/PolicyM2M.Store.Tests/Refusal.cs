namespace PolicyM2M.Store.Tests;

/// <summary>What every refusal of the store has in common.</summary>
internal static class Refusal
{
    /// <summary>Asserts that reading is refused for this reason, in one line.</summary>
    public static void Of(Func<object> read, string message)
    {
        PolicyStoreException? refusal = Assert.Throws<PolicyStoreException>(() => read());
        Assert.That(refusal!.Message, Does.Contain(message).And.Not.Contain("\n"));
    }
}
