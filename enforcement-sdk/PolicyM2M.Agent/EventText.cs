using PolicyM2M.Enforcement;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Agent;

/// <summary>What an event is called, and what it says.</summary>
internal static class EventText
{
    public static (string Name, string Detail) Of(ClientEvent happened) => happened switch
    {
        ClientEvent.Connected connected => ("connected", $"revision {Short(connected.Revision.CommitId)}"),
        ClientEvent.RevisionChanged changed => ("revision-changed", $"revision {Short(changed.Revision.CommitId)}"),
        ClientEvent.DeviceChanged changed => ("device-changed", $"the decision point's registry says something else of {changed.Device}"),
        ClientEvent.Disconnected disconnected => ("disconnected", disconnected.Reason),
        ClientEvent.Refused refused => ("refused", refused.Reason),
        ClientEvent.ContextRead read => ("context", $"{read.Device}: {Of(read)}"),
        ClientEvent.CacheSetAside aside => ("cache-set-aside", SetAside(aside)),
        ClientEvent.CacheDiscarded discarded => ("cache-discarded", discarded.Reason),
        ClientEvent.CacheNotWritten notWritten => ("cache-not-written", notWritten.Reason),
        ClientEvent.ClockSetBack setBack => ("clock-set-back", $"{DurationText.Format((long)setBack.Behind.TotalSeconds)} behind the latest time seen"),
        ClientEvent.ClockUnknown => ("clock-unknown", "the machine was started anew, and nobody vouches for its clock: nothing kept is fresh before a decision point answers"),
        ClientEvent.ClockSteppedForward stepped => ("clock-stepped-forward", $"by {DurationText.Format((long)stepped.By.TotalSeconds)}"),
        ClientEvent.SourceChanged source => ("source-changed", $"{source.Kind.Name()} of {source.Device}: {(source.From is { } from ? from.Name() : "none")} to {source.To.Name()}"),
        ClientEvent.RevisionRefused old => ("revision-refused", $"revision {Short(old.Revision.CommitId)} is from before {Short(old.Seen.CommitId)}, which was already seen"),
        ClientEvent.KeysChanged keys => ("keys-changed", string.Join(", ", keys.KeyIds.Select(Short))),
        ClientEvent.BundleHeld bundle => ("bundle-held", $"revision {Short(bundle.Revision.CommitId)}, until {bundle.ValidUntil:u}"),
        ClientEvent.BundleRefused bundle => ("bundle-refused", bundle.Reason),
        ClientEvent.HousekeepingFailed failed => ("housekeeping-failed", failed.Reason),
        ClientEvent.CertificateEnding certificate => certificate.IsOver
            ? ("certificate-ended", $"{certificate.Until:u}: no decision point answers before it is renewed, and what is kept holds for as long as it may")
            : ("certificate-ending", $"{certificate.Until:u}: renew it, and look why that has not happened by itself"),
        ClientEvent.EndpointChanged endpoint => ("endpoint-changed", $"{endpoint.To.Authority} instead of {endpoint.From.Authority}"),
        _ => throw new ArgumentOutOfRangeException(nameof(happened), happened, "an event without a text"),
    };

    private static string SetAside(ClientEvent.CacheSetAside aside) =>
        $"what is kept was signed by {string.Join(", ", aside.Endpoints)}, which is not in the list of decision points: it answers nothing until the list is as before, and is lost once one in the list has answered";

    private static string Of(ClientEvent.ContextRead read)
    {
        string ignored = read.Ignored.IsEmpty ? "" : $"ignored, so these count as missing: {string.Join(", ", read.Ignored.Select(value => $"{value.Name} ({value.Reason})"))}";
        string missing = read.Missing.IsEmpty ? "" : $"missing, so the answer is the strictest over all they could be, where no rule asks just that (has): {string.Join(", ", read.Missing)}";
        string away = read.IsRegistryAway ? "the decision point cannot reach its registry, so what only that knows of the device counts as missing" : "";
        string text = string.Join("; ", new[] { ignored, missing, away }.Where(part => part.Length > 0));
        return text.Length == 0 ? "everything that the policies test is given and used" : text;
    }

    /// <summary>Enough of a commit id to tell it from others.</summary>
    public static string Short(string commitId) => commitId.Length > 12 ? commitId[..12] : commitId;
}
