using System.Collections.Immutable;
using PolicyM2M.Engine.Lattice;

namespace PolicyM2M.Emitters.Planning;

/// <summary>
/// What an auth decision demands beside the way to authenticate, held against what a stack does. Each demand is held, or said to be lost: what the stack does not hold makes the decision infeasible, unless
/// whoever configures it says that something else holds it.
/// </summary>
internal static class AuthDemands
{
    private const int Soft = 1, Hard = 2;

    /// <summary>The fields of which somebody may say so. Where a key lives is said by itself; the others are the stack's or nobody's.</summary>
    public static readonly ImmutableArray<Field> MayBeElsewhere = [Field.KeyAlgorithms, Field.Attestation, Field.Revocation, Field.RevocationWithin, Field.Reauthenticate];

    /// <summary>Says what of the decision is lost.</summary>
    /// <returns>After how many seconds the service must be started anew, which ends its connections; null where nothing demands it.</returns>
    public static long? Plan(Outcome? auth, EmitterOptions options, StackAbility ability, ImmutableArray<Loss>.Builder losses)
    {
        if (auth is null)
            return null;
        Protection(auth, options, losses);
        if (auth[Field.Attestation] is { } evidence)
            Demand(Field.Attestation, $"{ability.Stack} knows nothing of evidence, and none older than {evidence} is allowed", options, losses);
        Revocation(auth, options, ability, losses);
        if (auth[Field.Capabilities] is FieldValue.Names capabilities)
            losses.Add(new Loss(Field.Capabilities.Name, LossKind.Unheld, $"what an application may be asked for is its own to check: {(capabilities.Items.IsEmpty ? "nothing is granted" : capabilities)}"));
        return Reauthenticate(auth, options, ability, losses);
    }

    /// <summary>A demand that the stack does not hold.</summary>
    public static void Demand(Field field, string what, EmitterOptions options, ImmutableArray<Loss>.Builder losses)
    {
        bool isElsewhere = options.HeldElsewhere.Contains(field.Name);
        losses.Add(new Loss(field.Name, isElsewhere ? LossKind.Unheld : LossKind.Unenforceable, isElsewhere ? $"{what}; something else is said to hold it" : what));
    }

    private static void Protection(Outcome auth, EmitterOptions options, ImmutableArray<Loss>.Builder losses)
    {
        int known = ((FieldShape.Ladder)Field.KeyProtection.Shape).Find(options.KeyProtection)!.Rank;
        if (auth[Field.KeyProtection] is FieldValue.Level level && level.Rank > known)
            losses.Add(new Loss(Field.KeyProtection.Name, LossKind.Unenforceable, $"nobody says that the key is kept better than in {options.KeyProtection}, and at least {level.Name} is demanded"));
    }

    private static void Revocation(Outcome auth, EmitterOptions options, StackAbility ability, ImmutableArray<Loss>.Builder losses)
    {
        int rank = (auth[Field.Revocation] as FieldValue.Level)?.Rank ?? 0;
        bool isMutual = auth[Field.Mutual] is FieldValue.Level { Rank: > 0 };
        // A server that asks for no certificate sees none that could be revoked.
        if (rank < Soft || (options.Role == ChannelRole.Server && !isMutual))
            return;
        bool isLooked = ability.Revocation != RevocationReach.None && options.RevocationLists is not null;
        if (rank < Hard)
        {
            losses.Add(isLooked
                ? new Loss(Field.Revocation.Name, LossKind.Tighter, "whoever's authority has no list, or one that has ended, is refused too")
                : new Loss(Field.Revocation.Name, LossKind.Unheld, "no list is looked at, so that nobody is found revoked"));
            return;
        }
        if (ability.Revocation == RevocationReach.None)
            Demand(Field.Revocation, $"{ability.Stack} is given no revocation lists", options, losses);
        else if (options.RevocationLists is null)
            losses.Add(new Loss(Field.Revocation.Name, LossKind.Unenforceable, "it is hard, and no file of revocation lists is given"));
        else if (ability.Revocation == RevocationReach.Leaf)
            Demand(Field.Revocation, $"{ability.Stack} looks for an end's own certificate, and not for the authorities between it and its root", options, losses);
        if (auth[Field.RevocationWithin] is { } within)
            Demand(Field.RevocationWithin, $"{ability.Stack} takes a list until it ends, and none older than {within} is allowed", options, losses);
    }

    private static long? Reauthenticate(Outcome auth, EmitterOptions options, StackAbility ability, ImmutableArray<Loss>.Builder losses)
    {
        if (auth[Field.Reauthenticate] is not FieldValue.Duration again)
            return null;
        if (!ability.EndsByRestart || again.Seconds == 0)
        {
            Demand(Field.Reauthenticate, $"{ability.Stack} ends no connection by its age, and none may go on for longer than {again}", options, losses);
            return null;
        }
        losses.Add(new Loss(Field.Reauthenticate.Name, LossKind.Tighter, $"{ability.Stack} ends no connection by its age, so that it is restarted after {again}, which ends younger ones too"));
        return again.Seconds;
    }
}
