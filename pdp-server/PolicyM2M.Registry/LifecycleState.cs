namespace PolicyM2M.Registry;

/// <summary>Where a device is in its life.</summary>
public enum LifecycleState : byte
{
    /// <summary>Made, and with nobody yet.</summary>
    Manufactured,

    /// <summary>Being enrolled.</summary>
    Onboarding,

    /// <summary>Doing its work.</summary>
    Active,

    /// <summary>Cut off until somebody has looked at it.</summary>
    Quarantined,

    /// <summary>Out of service for good.</summary>
    Retired,
}

/// <summary>The words for the states, and which state may follow which.</summary>
public static class LifecycleStates
{
    private static readonly string[] Texts = ["manufactured", "onboarding", "active", "quarantined", "retired"];

    /// <summary>
    /// Nothing goes back to before its enrolment, and nothing leaves retirement: what was taken out of service comes back by <see cref="DeviceChange.Reinstate"/>
    /// alone, which wants a reason and begins anew with onboarding.
    /// </summary>
    private static readonly Dictionary<LifecycleState, LifecycleState[]> Next = new()
    {
        [LifecycleState.Manufactured] = [LifecycleState.Onboarding, LifecycleState.Quarantined, LifecycleState.Retired],
        [LifecycleState.Onboarding] = [LifecycleState.Active, LifecycleState.Quarantined, LifecycleState.Retired],
        [LifecycleState.Active] = [LifecycleState.Onboarding, LifecycleState.Quarantined, LifecycleState.Retired],
        [LifecycleState.Quarantined] = [LifecycleState.Onboarding, LifecycleState.Active, LifecycleState.Retired],
        [LifecycleState.Retired] = [],
    };

    /// <summary>All words, in the order of a life.</summary>
    public static IReadOnlyList<string> All => Texts;

    /// <summary>The word for a state, as the standard device schema has it.</summary>
    public static string Text(LifecycleState state) => Texts[(int)state];

    /// <summary>The state of a word; false where there is none.</summary>
    public static bool TryParse(string text, out LifecycleState state)
    {
        int index = Array.IndexOf(Texts, text);
        state = (LifecycleState)Math.Max(index, 0);
        return index >= 0;
    }

    /// <summary>Whether a device in one state may be put into the other; staying is no change and always allowed.</summary>
    public static bool MayFollow(LifecycleState from, LifecycleState to) => from == to || Next[from].Contains(to);

    /// <summary>The states that may follow one, in words.</summary>
    public static string Following(LifecycleState from) => Next[from] is { Length: > 0 } states ? string.Join(", ", states.Select(Text)) : "none";
}
