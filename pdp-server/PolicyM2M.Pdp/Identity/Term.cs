namespace PolicyM2M.Pdp.Identity;

/// <summary>How far the time of something has gone.</summary>
internal enum TermStage
{
    /// <summary>There is enough of it.</summary>
    Running,

    /// <summary>Less than a tenth of it is left: whoever was to bring the next is late.</summary>
    Ending,

    /// <summary>It is over.</summary>
    Over,
}

/// <summary>The time of something that others make, and must make anew before it ends.</summary>
/// <param name="What">What ends.</param>
/// <param name="From">When it began.</param>
/// <param name="Until">When it ends.</param>
internal sealed record Term(string What, DateTimeOffset From, DateTimeOffset Until)
{
    /// <summary>What is renewed in its time never comes to its last tenth: certificates are renewed at two thirds, and lists come out with a day of a week to spare.</summary>
    private const double LastPart = 0.1;

    /// <summary>How far it has gone.</summary>
    public TermStage At(DateTimeOffset now) => now > Until ? TermStage.Over : now > Until - (Until - From) * LastPart ? TermStage.Ending : TermStage.Running;
}
