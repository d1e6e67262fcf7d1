namespace PolicyM2M.Enforcement;

/// <summary>Parts of which none ends by itself, and none is worth anything without the others.</summary>
internal static class Joined
{
    /// <summary>Runs them until they are told to end, or one fails: then the others are ended, and why it failed is thrown.</summary>
    /// <param name="ending">Ends them.</param>
    /// <param name="parts">Each begins one.</param>
    public static async Task RunAsync(CancellationToken ending, params IEnumerable<Func<CancellationToken, Task>> parts)
    {
        using var whole = CancellationTokenSource.CreateLinkedTokenSource(ending);
        Task[] running = [.. parts.Select(part => part(whole.Token))];
        if (running.Length == 0)
            return;
        Task first = await Task.WhenAny(running).ConfigureAwait(false);
        await whole.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first.ConfigureAwait(false);
    }
}
