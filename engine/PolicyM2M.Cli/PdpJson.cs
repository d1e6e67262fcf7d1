using System.Text.Json;
using Google.Protobuf;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Cli;

/// <summary>The same for programs: the messages of the protocol in the JSON that Protobuf defines for them, so that a field has one name everywhere.</summary>
internal static class PdpJson
{
    private static readonly JsonFormatter Format = new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true));

    public static string Status(GetStatusResponse status) => Of(status);

    public static string Revisions(ListRevisionsResponse list) => Of(list);

    public static string Differences(GetDifferencesResponse found) => Of(found);

    public static string State(RolloutState state) => Of(state);

    /// <summary>Any message, written anew by the same writer as all other answers.</summary>
    public static string Of(IMessage message)
    {
        using var document = JsonDocument.Parse(Format.Format(message));
        return Json.Write(indented: true, document.RootElement.WriteTo);
    }
}
