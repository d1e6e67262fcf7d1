namespace PolicyM2M.Agent.Status;

/// <summary>What the stages are called.</summary>
internal static class ServiceStages
{
    public static string Name(ServiceStage stage) => stage switch
    {
        ServiceStage.InForce => "in-force",
        ServiceStage.Refused => "refused",
        _ => "failing",
    };
}
