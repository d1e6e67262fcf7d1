using Google.Protobuf.WellKnownTypes;
using PolicyM2M.Wire;

namespace PolicyM2M.Pdp.Revisions;

/// <summary>A revision that answers are made from, and since when: what tells a device which of two is the later one.</summary>
/// <param name="Id">The revision.</param>
/// <param name="Since">When answers began to be made as they are.</param>
internal sealed record AnsweringRevision(RevisionId Id, DateTimeOffset Since)
{
    public Wire.V1.Revision ToWire()
    {
        Wire.V1.Revision wire = WireMapping.ToWire(Id);
        wire.ActivatedAt = Since.ToTimestamp();
        return wire;
    }
}
