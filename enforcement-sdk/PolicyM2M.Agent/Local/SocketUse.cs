namespace PolicyM2M.Agent.Local;

/// <summary>How the socket is used.</summary>
/// <param name="Open">How many connections are open.</param>
/// <param name="Refused">How many were refused since the start, because their user held its share or no rule names it.</param>
/// <param name="Silent">How many were ended since the start because they asked nothing.</param>
internal readonly record struct SocketUse(int Open, long Refused, long Silent);
