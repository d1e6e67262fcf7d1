using System.Collections.Immutable;

namespace PolicyM2M.Pdp.Startup.Configuration;

/// <summary>What the environment or the configuration file says of one option.</summary>
/// <param name="Option">The option, such as <c>--registry-db</c>.</param>
/// <param name="Values">What it says: one value, or several of an option that may be repeated.</param>
/// <param name="Place">Where it says so, as faults begin: <c>pdp.yaml:3:7</c>, or the name of a variable.</param>
internal sealed record Setting(string Option, ImmutableArray<string> Values, string Place);
