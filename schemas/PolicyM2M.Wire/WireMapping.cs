using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Vocabulary;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;

namespace PolicyM2M.Wire;

/// <summary>The one place where the engine's words and the wire's meet. Reading is strict: what is not understood is refused.</summary>
public static class WireMapping
{
    /// <summary>A kind of decision for the wire.</summary>
    public static V1.DecisionKind ToWire(DecisionKind kind) => kind switch
    {
        DecisionKind.CipherSuites => V1.DecisionKind.CipherSuites,
        DecisionKind.Auth => V1.DecisionKind.Auth,
        DecisionKind.Rotation => V1.DecisionKind.Rotation,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a kind of decision"),
    };

    /// <summary>A kind of decision from the wire.</summary>
    /// <exception cref="WireException">It is unspecified, or newer than this reader.</exception>
    public static DecisionKind FromWire(V1.DecisionKind kind) => kind switch
    {
        V1.DecisionKind.CipherSuites => DecisionKind.CipherSuites,
        V1.DecisionKind.Auth => DecisionKind.Auth,
        V1.DecisionKind.Rotation => DecisionKind.Rotation,
        _ => throw new WireException($"{(int)kind} is no kind of decision"),
    };

    /// <summary>A raw attribute value for the wire.</summary>
    public static V1.AttributeValue ToWire(AttributeValue value) => value.Kind switch
    {
        AttributeValueKind.Boolean => new V1.AttributeValue { Boolean = value.Boolean },
        AttributeValueKind.Integer => new V1.AttributeValue { Integer = value.Integer },
        AttributeValueKind.Text => new V1.AttributeValue { Text = value.Text },
        AttributeValueKind.Set => new V1.AttributeValue { Set = new V1.TextSet { Items = { value.Texts } } },
        _ => throw new ArgumentException("it is no value", nameof(value)),
    };

    /// <summary>A raw attribute value from the wire.</summary>
    /// <exception cref="WireException">It holds no value.</exception>
    public static AttributeValue FromWire(V1.AttributeValue value) => value.ValueCase switch
    {
        V1.AttributeValue.ValueOneofCase.Boolean => AttributeValue.Of(value.Boolean),
        V1.AttributeValue.ValueOneofCase.Integer => AttributeValue.Of(value.Integer),
        V1.AttributeValue.ValueOneofCase.Text => AttributeValue.Of(value.Text),
        V1.AttributeValue.ValueOneofCase.Set => AttributeValue.Of(value.Set.Items),
        _ => throw new WireException("an attribute holds no value"),
    };

    /// <summary>A revision for the wire.</summary>
    public static V1.Revision ToWire(RevisionId revision) => new() { CommitId = revision.CommitId, BundleHash = revision.BundleHash };

    /// <summary>A revision from the wire.</summary>
    /// <exception cref="WireException">It is missing, or its commit or its bundle is not named in lower-case hexadecimal.</exception>
    public static RevisionId FromWire(V1.Revision? revision) => revision is not null && IsHexadecimal(revision.CommitId) && IsHexadecimal(revision.BundleHash)
        ? new RevisionId(revision.CommitId, revision.BundleHash)
        : throw new WireException("a decision names no revision");

    /// <summary>A decision for the wire.</summary>
    /// <param name="decision">What was decided.</param>
    /// <param name="revision">The policies that it was made from.</param>
    /// <param name="issuedAt">When it was made.</param>
    /// <param name="until">When the clock makes it another decision, or nobody can vouch for it any longer; null for never.</param>
    /// <param name="region">Where it holds, where that is told.</param>
    public static V1.Decision ToWire(Decision decision, RevisionId revision, DateTimeOffset issuedAt, DateTimeOffset? until = null, Region? region = null)
    {
        ArgumentNullException.ThrowIfNull(decision);
        var message = new V1.Decision
        {
            Kind = ToWire(decision.Kind),
            Revision = ToWire(revision),
            IssuedAt = Timestamp.FromDateTimeOffset(issuedAt),
            FreshUntil = Timestamp.FromDateTimeOffset(Earlier(issuedAt + decision.FreshFor, until)),
            UsableUntil = Timestamp.FromDateTimeOffset(Earlier(issuedAt + decision.UsableFor, until)),
            Region = region is null ? null : RegionMapping.ToWire(region),
        };
        OutcomeMapping.Write(decision.Outcome, message);
        message.Rules.AddRange(decision.Rules.Select(rule => ToWire(rule)));
        return message;
    }

    /// <summary>A rule for the wire: its name, and where it is written.</summary>
    public static V1.RuleReference ToWire(Rule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        return new V1.RuleReference { Policy = rule.Policy, Label = rule.Label, File = rule.Source.File, Line = rule.Source.Line, Column = rule.Source.Column };
    }

    /// <summary>A decision from the wire.</summary>
    /// <exception cref="WireException">It does not say what its contract demands: no outcome or one of another kind, an unknown name, a negative or missing time.</exception>
    public static ReceivedDecision FromWire(V1.Decision decision) => FromWire(decision, []);

    /// <summary>A decision from the wire, one of many.</summary>
    /// <param name="decision">The decision.</param>
    /// <param name="known">The attributes of those read before: the regions of one gateway's decisions speak of few, and share them.</param>
    /// <exception cref="WireException">As by <see cref="FromWire(V1.Decision)"/>.</exception>
    public static ReceivedDecision FromWire(V1.Decision decision, Dictionary<V1.AttributeScale, AttributeScale> known)
    {
        ArgumentNullException.ThrowIfNull(decision);
        ArgumentNullException.ThrowIfNull(known);
        Outcome outcome = OutcomeMapping.Read(decision);
        DateTimeOffset issuedAt = Instant(decision.IssuedAt, "a decision", "issued_at"), freshUntil = Instant(decision.FreshUntil, "a decision", "fresh_until"),
            usableUntil = Instant(decision.UsableUntil, "a decision", "usable_until");
        if (issuedAt > freshUntil || freshUntil > usableUntil)
            throw new WireException("a decision's times are out of order: issued_at, fresh_until, usable_until");
        if (freshUntil - issuedAt > Window(outcome, Field.FreshFor) || usableUntil - issuedAt > Window(outcome, Field.UsableFor))
            throw new WireException("a decision's times allow more than its fresh-for and usable-for");
        return new ReceivedDecision(outcome, [.. decision.Rules.Select(rule => new RuleName(rule.Policy, rule.Label, rule.File, rule.Line, rule.Column))],
            FromWire(decision.Revision), issuedAt, freshUntil, usableUntil)
        { ActivatedAt = ActivatedAt(decision.Revision), Region = decision.Region is null ? null : RegionMapping.FromWire(decision.Region, known) };
    }

    /// <summary>A decision that came over the wire, to be handed on as a message to who takes it from the connection: without its region.</summary>
    public static V1.Decision ToWire(ReceivedDecision decision)
    {
        ArgumentNullException.ThrowIfNull(decision);
        var message = new V1.Decision
        {
            Kind = ToWire(decision.Kind),
            Revision = ToWire(decision.Revision),
            IssuedAt = Timestamp.FromDateTimeOffset(decision.IssuedAt),
            FreshUntil = Timestamp.FromDateTimeOffset(decision.FreshUntil),
            UsableUntil = Timestamp.FromDateTimeOffset(decision.UsableUntil),
        };
        OutcomeMapping.Write(decision.Outcome, message);
        message.Rules.AddRange(decision.Rules.Select(rule => new V1.RuleReference { Policy = rule.Policy, Label = rule.Label, File = rule.File, Line = rule.Line, Column = rule.Column }));
        return message;
    }

    /// <summary>When answers began to be made from a revision; null where that is not told.</summary>
    /// <exception cref="WireException">It is no instant.</exception>
    public static DateTimeOffset? ActivatedAt(V1.Revision? revision) => revision?.ActivatedAt is { } at ? Instant(at, "a revision", "activated_at") : null;

    private static DateTimeOffset Earlier(DateTimeOffset moment, DateTimeOffset? other) => other < moment ? other.Value : moment;

    /// <summary>A window that nobody states is none, and a denial has none.</summary>
    private static TimeSpan Window(Outcome outcome, Field field) =>
        outcome[field] is FieldValue.Duration window ? TimeSpan.FromSeconds(window.Seconds) : TimeSpan.Zero;

    private static bool IsHexadecimal(string text) => text.Length > 0 && text.All(char.IsAsciiHexDigitLower);

    /// <summary>A moment that a message must have.</summary>
    /// <exception cref="WireException">It is not there, or is none.</exception>
    internal static DateTimeOffset Instant(Timestamp? timestamp, string message, string field)
    {
        try
        {
            return timestamp?.ToDateTimeOffset() ?? throw new WireException($"{message} has no {field}");
        }
        catch (Exception outOfRange) when (outOfRange is InvalidOperationException or ArgumentOutOfRangeException)
        {
            throw new WireException($"the {field} of {message} is no instant");
        }
    }
}
