using NUnit.Framework;

namespace PolicyM2M.Testing;

/// <summary>What a test needs and a machine may lack. With POLICYM2M_REQUIRE_ALL=1, as on the build server, that it is lacking is a failure, so that nothing is skipped unnoticed.</summary>
public static class Requirement
{
    /// <summary>The environment variable that, set to 1, turns skipped tests into failures.</summary>
    public const string RequireAllVariable = "POLICYM2M_REQUIRE_ALL";

    /// <summary>Skips or fails the running test. Does not come back.</summary>
    /// <param name="message">What is lacking, and how to get it.</param>
    public static void IsLacking(string message) => IsLacking(message, Environment.GetEnvironmentVariable(RequireAllVariable));

    internal static void IsLacking(string message, string? requireAll)
    {
        if (requireAll == "1")
            Assert.Fail(message);
        Assert.Ignore(message);
    }
}
