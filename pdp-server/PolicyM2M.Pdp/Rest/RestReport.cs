using Google.Protobuf.Collections;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Rest;

/// <summary>
/// Keeps the report of an import that is answered in one message to what people read. A line of one sign can have a fault whose words take a hundred times as much, and a small file has many lines.
/// Counts what it leaves out; for one answer.
/// </summary>
internal sealed class RestReport
{
    /// <summary>The faults that one answer names, and the warnings.</summary>
    private const int Most = 1_000;

    private readonly Remainder _faults = new(), _warnings = new();

    /// <summary>Takes away what is too much so far. Where the report is whole, says how many that were.</summary>
    public void Shorten(ImportDevicesResponse report)
    {
        _faults.TakeFrom(report.Faults);
        _warnings.TakeFrom(report.Warnings);
        if (report.Summary is null)
            return;
        _faults.TellIn(report.Faults);
        _warnings.TellIn(report.Warnings);
    }

    private sealed class Remainder
    {
        private ImportFault? _first;
        private int _count;

        public void TakeFrom(RepeatedField<ImportFault> list)
        {
            if (list.Count <= Most)
                return;
            _first ??= list[Most];
            _count += list.Count - Most;
            while (list.Count > Most)
                list.RemoveAt(list.Count - 1);
        }

        public void TellIn(RepeatedField<ImportFault> list)
        {
            if (_first is not null)
                list.Add(new ImportFault { Line = _first.Line, Column = _first.Column, Message = $"and {_count} more from here on; over gRPC, as by `m2m pdp devices import`, all are told" });
        }
    }
}
