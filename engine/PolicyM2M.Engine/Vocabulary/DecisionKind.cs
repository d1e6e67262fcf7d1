namespace PolicyM2M.Engine.Vocabulary;

/// <summary>The three questions a device can ask.</summary>
public enum DecisionKind
{
    /// <summary>Which protocol versions, cipher suites, groups and signature schemes a channel may use.</summary>
    CipherSuites,

    /// <summary>How both ends must authenticate, and what the device may then do.</summary>
    Auth,

    /// <summary>How long a credential may live, and when it must be renewed.</summary>
    Rotation,
}

/// <summary>The names under which policies, contexts and JSON answers know the kinds of decision.</summary>
public static class DecisionKinds
{
    /// <summary>Every kind, in the order in which answers list them.</summary>
    public static IReadOnlyList<DecisionKind> All { get; } = [DecisionKind.CipherSuites, DecisionKind.Auth, DecisionKind.Rotation];

    /// <summary>The kind's name in the policy language, such as <c>cipher-suites</c>.</summary>
    public static string Name(this DecisionKind kind) => kind switch
    {
        DecisionKind.CipherSuites => "cipher-suites",
        DecisionKind.Auth => "auth",
        DecisionKind.Rotation => "rotation",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a kind of decision"),
    };

    /// <summary>The kind that a policy calls <paramref name="name"/>; false where there is none.</summary>
    public static bool TryParse(string name, out DecisionKind kind)
    {
        foreach (DecisionKind candidate in All)
        {
            if (candidate.Name() == name)
            {
                kind = candidate;
                return true;
            }
        }
        kind = default;
        return false;
    }
}
