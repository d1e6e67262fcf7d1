using PolicyM2M.Enforcement;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Agent;

/// <summary>What the agent was started with.</summary>
/// <param name="Client">How it reaches the decision point; what happens is shown besides what is told here.</param>
/// <param name="Claims">What the device says of itself.</param>
/// <param name="Interval">It decides at least this often.</param>
/// <param name="Once">Whether it decides once and ends.</param>
/// <param name="Json">Whether it writes JSON.</param>
internal sealed record AgentOptions(PolicyClientOptions Client, DeviceContext Claims, TimeSpan Interval, bool Once, bool Json);
