using System.Collections.Immutable;
using PolicyM2M.Engine.Lattice;

namespace PolicyM2M.Emitters.Planning;

/// <summary>
/// What becomes of resumption and of the longest life of a session. With each resumption of TLS 1.3 the stacks give out a new ticket with a full life, so that a chain of them has no
/// end: a decision that limits the life of a session leaves no resumption there.
/// </summary>
internal static class SessionPlanner
{
    /// <summary>The plan; takes TLS 1.2 away where only that makes it hold.</summary>
    public static SessionPlan Plan(Outcome channel, Outcome? auth, StackAbility ability, bool tls13, ref bool tls12, ImmutableArray<Loss>.Builder losses)
    {
        bool forbidden = channel[Field.Resumption] is FieldValue.Level { Rank: > 0 };
        long? lifetime = (channel[Field.SessionLifetime] as FieldValue.Duration)?.Seconds, again = (auth?[Field.Reauthenticate] as FieldValue.Duration)?.Seconds;
        // A session that is resumed authenticates nobody anew.
        long? longest = again is null || lifetime < again ? lifetime : again;
        if (!forbidden && longest is null)
            return new SessionPlan(Off: false, null);

        Field field = forbidden ? Field.Resumption : longest == lifetime ? Field.SessionLifetime : Field.Reauthenticate;
        switch (ability.Sessions)
        {
            case SessionControl.Never:
                if (!forbidden)
                    losses.Add(new Loss(field.Name, LossKind.Tighter, $"{ability.Stack} resumes no session"));
                return new SessionPlan(Off: true, longest);
            case SessionControl.EndsWithProcess when forbidden || longest == 0:
                losses.Add(new Loss(field.Name, LossKind.Unenforceable, $"{ability.Stack} has no option against resumption, and resumes"));
                return new SessionPlan(Off: false, longest);
            case SessionControl.EndsWithProcess:
                losses.Add(new Loss(field.Name, LossKind.Tighter, $"{ability.Stack} has no limit for sessions, so it is restarted at the end of one; that ends live connections too"));
                return new SessionPlan(Off: false, longest);
            case SessionControl.SwitchInTls13 when tls12:
                tls12 = false;
                // Where TLS 1.2 is all there is, this is the end of it.
                losses.Add(new Loss(field.Name, tls13 ? LossKind.Tighter : LossKind.Unenforceable, $"{ability.Stack} cannot say that sessions of TLS 1.2 are not resumed{(tls13 ? ", so that version is left out" : "")}"));
                if (!tls13)
                    return new SessionPlan(Off: true, longest);
                break;
        }
        if (forbidden)
            return new SessionPlan(Off: true, null);
        if (!tls13 && tls12 && again is null && ability.LimitsTls12Sessions && longest is > 0 and <= int.MaxValue)
            return new SessionPlan(Off: false, longest);
        losses.Add(new Loss(field.Name, LossKind.Tighter, "no session is resumed, since nothing would limit a chain of resumptions"));
        return new SessionPlan(Off: true, longest);
    }
}
