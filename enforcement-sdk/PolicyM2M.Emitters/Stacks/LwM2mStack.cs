using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using PolicyM2M.Emitters.Names;
using PolicyM2M.Emitters.Planning;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Emitters.Stacks;

/// <summary>
/// Resources of the LwM2M Security object /0 (OMA object version 1.2) as SenML JSON (RFC 8428), for a bootstrap server to write. There is none for the version: the suites, of which each has but one, are
/// what chooses it.
/// </summary>
internal sealed class LwM2mStack : IStack
{
    private const string FileName = "policym2m-lwm2m.json";

    private const int Suites = 16, Groups = 18, ServerSignatures = 19, ClientSignatures = 20, CertificateSignatures = 21, Tls13Features = 22;

    /// <summary>Bits of resource 22: resumption is a PSK with forward secrecy, and certificates are bit 3. Plain PSK and 0-RTT are never set.</summary>
    private const int PskWithForwardSecrecy = 1 << 2, Certificates = 1 << 3;

    public StackAbility Ability(EmitterOptions options) => new("the LwM2M Security object", Dialect.CodePoints)
    {
        Dtls = true,
        Dtls13 = true,
        NamesFiles = false,
        Sessions = SessionControl.SwitchInTls13,
    };

    public ImmutableArray<string> FileNames(EmitterOptions options) => [FileName];

    public ImmutableArray<EmittedFile> Emit(ChannelPlan plan, EmitterOptions options)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartArray();
            string? baseName = $"/0/{options.LwM2mInstance}/";
            Write(json, ref baseName, Suites, [.. plan.Suites13, .. plan.Suites12], name => TlsRegistry.CipherSuites[name].CodePoint);
            if (plan.Groups is { } groups)
                Write(json, ref baseName, Groups, groups, name => TlsRegistry.Groups[name].CodePoint);
            if (plan.Signatures is { } signatures)
            {
                foreach (int resource in new[] { ServerSignatures, ClientSignatures, CertificateSignatures })
                    Write(json, ref baseName, resource, signatures, name => TlsRegistry.SignatureSchemes[name].CodePoint);
            }
            if (plan.Tls13)
                Write(json, ref baseName, $"{Tls13Features}", plan.Sessions.Off ? Certificates : Certificates | PskWithForwardSecrecy);
            json.WriteEndArray();
        }
        return [new EmittedFile(FileName, Encoding.UTF8.GetString(bytes.ToArray()) + "\n", "a bootstrap server writes it as SenML JSON (content format 110)")];
    }

    // Without a list a client proposes what it likes: only the absence of the instance refuses.
    public ImmutableArray<EmittedFile> Refuse(EmitterOptions options, string reason) => [];

    private static void Write(Utf8JsonWriter json, ref string? baseName, int resource, ImmutableArray<StackName> names, Func<string, ushort> codePoint)
    {
        for (int i = 0; i < names.Length; i++)
            Write(json, ref baseName, $"{resource}/{i}", codePoint(names[i].Iana));
    }

    /// <summary>One record; the first carries the base name for all.</summary>
    private static void Write(Utf8JsonWriter json, ref string? baseName, string name, int value)
    {
        json.WriteStartObject();
        if (baseName is not null)
            json.WriteString("bn", baseName);
        baseName = null;
        json.WriteString("n", name);
        json.WriteNumber("v", value);
        json.WriteEndObject();
    }
}
