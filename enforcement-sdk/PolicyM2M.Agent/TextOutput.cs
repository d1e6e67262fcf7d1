using System.Globalization;
using PolicyM2M.Enforcement;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Agent;

/// <summary>What the agent learns, as people read it.</summary>
internal sealed class TextOutput(TextWriter writer, TimeProvider time) : IAgentOutput
{
    private const int NameColumn = 18;

    private readonly Lock _lock = new();
    private readonly Dictionary<DecisionKind, Outcome> _lastOutcomes = [];
    private (string, string)? _lastEvent;
    private string? _lastReason;

    public void Device(string id, Uri endpoint) => Write($"{id}\nasks {endpoint}\n");

    public void Decision(DeviceDecision decision)
    {
        bool isSame, isSameReason;
        lock (_lock)
        {
            string? nothingBecause = decision.Source == DecisionSource.Denied ? decision.Outcome.Denial : null;
            (isSameReason, _lastReason) = (nothingBecause is not null && nothingBecause == _lastReason, nothingBecause);
            isSame = _lastOutcomes.TryGetValue(decision.Kind, out Outcome? last) && last.Equals(decision.Outcome);
            _lastOutcomes[decision.Kind] = decision.Outcome;
        }
        string head = $"{decision.Kind.Name()}: {(decision.Outcome.IsDenied ? "deny" : "allow")}, {Source(decision)}";
        if (isSame)
        {
            // Only where it comes from has changed; what holds was shown.
            Write($"\n{Clock()} {head}, as before\n");
            return;
        }
        if (isSameReason)
        {
            // What keeps one kind from being decided keeps all.
            Write($"{Clock()} {head}, for the same reason\n");
            return;
        }
        IEnumerable<string> body = decision.Outcome.Denial is { } reason
            ? [$"  {reason}"]
            : decision.Outcome.Values.Select(v => $"  {v.Field.Name.PadRight(NameColumn)}{(v.Value is FieldValue.Names { Items: [] } ? "none" : v.Value)}");
        IEnumerable<string> rules = (decision.Decision?.Rules ?? []).Select(rule => $"  by {rule.Policy} {rule.Label} ({rule.File}:{rule.Line})".Replace("by  ", "by ", StringComparison.Ordinal));
        Write($"\n{Clock()} {head}\n{string.Join('\n', body.Concat(rules).Select(Printable.Text))}\n");
    }

    public void Event(ClientEvent happened)
    {
        // The decision itself says where it comes from.
        if (happened is ClientEvent.SourceChanged)
            return;
        (string Name, string Detail) text = EventText.Of(happened);
        lock (_lock)
        {
            // While the decision point is away the same is found again every few seconds: it is said once.
            if (_lastEvent == text)
                return;
            _lastEvent = text;
        }
        Write($"\n{Clock()} {text.Name}: {Printable.Text(text.Detail)}\n");
    }

    private static string Source(DeviceDecision decision) => decision.Source switch
    {
        DecisionSource.Live => $"live, revision {Revision(decision)}",
        DecisionSource.Cached => $"cached, fresh until {Time(decision.FreshUntil)}, revision {Revision(decision)}",
        DecisionSource.Stale => $"stale, usable until {Time(decision.UsableUntil)}, revision {Revision(decision)}",
        _ => "nothing to go by",
    };

    private static string Revision(DeviceDecision decision) => EventText.Short(decision.Revision?.CommitId ?? "unknown");

    private static string Time(DateTimeOffset? instant) => instant is { } known ? known.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) : "unknown";

    private string Clock() => time.GetUtcNow().ToString("HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private void Write(string text)
    {
        lock (_lock)
        {
            writer.Write(text);
            writer.Flush();
        }
    }
}
