using System.Globalization;
using NUnit.Framework;

namespace PolicyM2M.Testing;

/// <summary>
/// Checks that something holds for many random inputs. Every run has a seed of its own, which the failure names: with
/// POLICYM2M_SEED set to it, that one run is repeated alone.
/// </summary>
public static class SeededProperty
{
    /// <summary>The environment variable that holds the seed to repeat.</summary>
    public const string SeedVariable = "POLICYM2M_SEED";

    /// <summary>Runs a check with the seeds <paramref name="firstSeed"/>, <paramref name="firstSeed"/> + 1 and so on; stops at the first that fails.</summary>
    /// <param name="runs">How many.</param>
    /// <param name="check">Makes an input from the random source and asserts what must hold for it.</param>
    /// <param name="firstSeed">The first seed. It is fixed, so that a build that passes, passes again.</param>
    public static void Holds(int runs, Action<Random> check, int firstSeed = 1) =>
        Holds(runs, check, firstSeed, Environment.GetEnvironmentVariable(SeedVariable));

    internal static void Holds(int runs, Action<Random> check, int firstSeed, string? only)
    {
        if (int.TryParse(only, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int seed))
            (firstSeed, runs) = (seed, 1);
        for (int i = 0; i < runs; i++)
            Run(check, firstSeed + i);
    }

    private static void Run(Action<Random> check, int seed)
    {
        try
        {
            check(new Random(seed));
        }
        catch (Exception failure) when (failure is not (SuccessException or IgnoreException or InconclusiveException))
        {
            throw new AssertionException($"It does not hold for the seed {seed}; repeat with {SeedVariable}={seed}.\n{(failure is AssertionException ? failure.Message : failure)}", failure);
        }
    }
}
