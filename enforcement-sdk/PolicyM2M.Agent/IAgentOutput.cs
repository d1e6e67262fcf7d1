using PolicyM2M.Enforcement;

namespace PolicyM2M.Agent;

/// <summary>Where the agent shows what it learns: text for people, or JSON for programs.</summary>
internal interface IAgentOutput
{
    void Device(string id, Uri endpoint);

    void Decision(DeviceDecision decision);

    void Event(ClientEvent happened);
}
