using PolicyM2M.Engine.Contexts;
using W = PolicyM2M.Wire.V1;
namespace PolicyM2M.Wire;
internal static class TemporaryMapping
{
    public static DeviceContext ToContext(this IEnumerable<KeyValuePair<string, W.AttributeValue>> map) => DeviceContext.Of(map.Select(p => new KeyValuePair<string, AttributeValue>(p.Key, p.Value.ValueCase switch { W.AttributeValue.ValueOneofCase.Boolean => AttributeValue.Of(p.Value.Boolean), W.AttributeValue.ValueOneofCase.Integer => AttributeValue.Of(p.Value.Integer), _ => AttributeValue.Of(p.Value.Text) })));
    public static Engine.Vocabulary.DecisionKind ToEngine(this W.DecisionKind k) => (Engine.Vocabulary.DecisionKind)((int)k - 1);
    public static W.Decision ToWire(this Engine.Decision d, W.Revision r, DateTimeOffset now) => new() { Kind = (W.DecisionKind)((int)d.Kind + 1), Revision = r, IssuedAt = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(now), FreshUntil = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(now + d.FreshFor), UsableUntil = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(now + d.UsableFor), Denial = new W.Denial { Reason = d.Outcome.ToString() } };
}
