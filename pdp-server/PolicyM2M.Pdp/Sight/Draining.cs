namespace PolicyM2M.Pdp.Sight;

/// <summary>Whether the server was asked to end and still answers. Safe for all threads: it changes once.</summary>
internal sealed class Draining
{
    private volatile bool _isDraining;

    public bool IsDraining => _isDraining;

    public void Begin() => _isDraining = true;
}
