namespace PolicyM2M.Enforcement;

/// <summary>Telling an application what happened. What goes wrong in its handler must not end, or change, what told it.</summary>
internal static class EventHandling
{
    /// <summary>Tells it. A handler that throws is counted.</summary>
    /// <returns>What it threw; null where it did not.</returns>
    public static Exception? Tell<T>(Action<T>? handler, T happened)
    {
        try
        {
            handler?.Invoke(happened);
            return null;
        }
        catch (Exception fault)
        {
            ClientMetrics.HandlerFailed();
            return fault;
        }
    }
}
