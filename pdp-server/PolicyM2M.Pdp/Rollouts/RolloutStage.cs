using System.Globalization;

namespace PolicyM2M.Pdp.Rollouts;

/// <summary>How far a candidate has come. Immutable.</summary>
internal abstract record RolloutStage
{
    private const string CanaryPrefix = "canary:";

    private RolloutStage()
    {
    }

    /// <summary>No answer is made from it; it is decided with, and compared.</summary>
    internal sealed record Shadow : RolloutStage
    {
        public override string ToString() => "shadow";
    }

    /// <summary>A share of the devices is answered from it.</summary>
    /// <param name="Percent">The share, from 1 to 100.</param>
    internal sealed record Canary(int Percent) : RolloutStage
    {
        public override string ToString() => $"{CanaryPrefix}{Percent}";
    }

    /// <summary>Reads <c>shadow</c> or <c>canary:10</c>; null where it is neither.</summary>
    public static RolloutStage? Parse(string text)
    {
        if (text == "shadow")
            return new Shadow();
        return text.StartsWith(CanaryPrefix, StringComparison.Ordinal)
            && int.TryParse(text.AsSpan(CanaryPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int percent) && percent is >= 1 and <= 100
            ? new Canary(percent)
            : null;
    }
}
