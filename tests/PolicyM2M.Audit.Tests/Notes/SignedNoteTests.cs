using System.Security.Cryptography;
using PolicyM2M.Audit.Notes;
using PolicyM2M.Testing;

namespace PolicyM2M.Audit.Tests.Notes;

/// <summary>Signed notes and their keys (C2SP signed-note).</summary>
internal sealed class SignedNoteTests
{
    private const string Text = "pdp.test/audit\n1\nsomething\n";

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256), _other = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private NoteKey Name => NoteKey.Of("pdp.test/audit", _key);

    [OneTimeTearDown]
    public void Dispose()
    {
        _key.Dispose();
        _other.Dispose();
    }

    [Test]
    public void What_a_believed_key_signed_is_opened()
    {
        string note = SignedNote.Sign(Text, Name, _key);
        Assert.That(SignedNote.TryOpen(note, [Name], out string? text, out _), Is.True);
        Assert.That(text, Is.EqualTo(Text));
    }

    [Test]
    public void Signatures_of_others_count_for_nothing_and_spoil_nothing()
    {
        string note = SignedNote.Sign(Text, Name, _key) + SignedNote.Sign(Text, NoteKey.Of("witness.test", _other), _other)[(Text.Length + 1)..];
        Assert.That(SignedNote.TryOpen(note, [Name], out _, out _), Is.True);
        Assert.That(SignedNote.TryOpen(note, [NoteKey.Of("pdp.test/audit", _other)], out _, out string? fault), Is.False);
        Assert.That(fault, Is.EqualTo("no key that is believed signed it"));
    }

    [Test]
    public void A_changed_text_and_what_is_no_note_are_not_opened()
    {
        string note = SignedNote.Sign(Text, Name, _key);
        foreach (string spoilt in new[] { note.Replace("\n1\n", "\n2\n", StringComparison.Ordinal), note[..^1], note.Replace("— ", "- ", StringComparison.Ordinal), Text, "", "\n\n", note + "x\n", note.Replace('1', '\t') })
            Assert.That(SignedNote.TryOpen(spoilt, [Name], out _, out _), Is.False, spoilt);
    }

    [Test]
    public void Openssl_verifies_the_signature_of_a_note()
    {
        string openssl = RequiredProgram.OpenSsl.Require();
        using var folder = new TemporaryFolder();
        string line = SignedNote.Sign(Text, Name, _key).Split('\n')[^2];
        File.WriteAllBytes(Path.Combine(folder.Path, "signature"), Convert.FromBase64String(line.Split(' ')[2])[4..]);
        File.WriteAllText(Path.Combine(folder.Path, "text"), Text);
        File.WriteAllText(Path.Combine(folder.Path, "key.pem"), _key.ExportSubjectPublicKeyInfoPem());
        Assert.That(FinishedProcess.Run(openssl, ["dgst", "-sha256", "-verify", "key.pem", "-signature", "signature", "text"], folder.Path).ExitCode, Is.Zero);
    }

    [Test]
    public void A_key_is_read_from_its_line()
    {
        string line = Name.ToString();
        Assert.That(NoteKey.Parse(line, out string? fault)?.ToString(), Is.EqualTo(line), fault);
        foreach (string wrong in new[] { "", "name", "a+b", "a+00000000+AQAB", line.Replace(Name.Id.ToString("x8", System.Globalization.CultureInfo.InvariantCulture), "00000000", StringComparison.Ordinal), line[..^8], $" +{line.Split('+', 2)[1]}" })
            Assert.That(NoteKey.Parse(wrong, out _), Is.Null, wrong);
    }
}
