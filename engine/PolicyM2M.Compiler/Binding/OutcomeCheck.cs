using System.Globalization;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Binding;

/// <summary>Warns of outcomes that can be had, and that nobody will have meant. Values are looked at wherever they come from; a profile's own fault is reported at the profile.</summary>
internal static class OutcomeCheck
{
    /// <summary>The least that NIST still allows for a symmetric key (SP 800-131A Rev. 2, section 2): three-key Triple DES, of 112 bits, is disallowed after 2023.</summary>
    private const int LeastKeyBits = 128;

    /// <param name="outcome">What is written.</param>
    /// <param name="values">What it comes to, with what a profile gives.</param>
    /// <param name="source">Where it is written.</param>
    /// <param name="faults">Where to report.</param>
    public static void Warn(OutcomeSyntax outcome, IReadOnlyDictionary<Field, FieldValue> values, SourceText source, Faults faults)
    {
        CheckWindows(outcome, values, source, faults);
        CheckKeyLifetime(outcome, values, source, faults);
        CheckVersions(outcome, values, source, faults);
        foreach (FieldSyntax syntax in outcome.Fields)
        {
            CheckSuites(syntax, source, faults);
            if (values.FirstOrDefault(entry => entry.Key.Name == syntax.Name.Text) is { Key: { } field, Value: { } value } && Objection(field, value) is { } objection)
                faults.Senseless(source, syntax.Name.Span, $"`{field.Name} {string.Join(", ", syntax.Values.Select(said => said.Text))}` {objection.Meaning}", objection.Instead);
        }
    }

    /// <summary>What is odd about a value by itself; null where nothing is. To forget at once, or to keep nothing, is no oddity: `overlap 0s` and `usable-for 0s` say just that.</summary>
    private static (string Meaning, string Instead)? Objection(Field field, FieldValue value) => value switch
    {
        FieldValue.Share { Value.Numerator: 0 } when field == Field.RenewAt => ("asks for a renewal as soon as a credential is issued", "say which share of the validity may go by first, such as 2/3"),
        FieldValue.Share share when field == Field.RenewAt && share.Value.Numerator == share.Value.Denominator =>
            ("asks for a renewal only when the credential has ended", "leave time for the renewal, such as 2/3"),
        FieldValue.Share share when field == Field.Spread && share.Value.Numerator == share.Value.Denominator =>
            ("spreads renewals over all of the time before `renew-at`, so that some come long before it", "spread them over less, such as 10%"),
        FieldValue.Duration { Seconds: 0 } when field == Field.Lifetime || field == Field.KeyLifetime => ("allows nothing that is valid at any moment", "to give none, say `deny` and why"),
        FieldValue.Duration { Seconds: 0 } when field == Field.SessionLifetime => ("ends a session before it has begun", "to resume none, say `resumption forbidden`"),
        FieldValue.Duration { Seconds: 0 } when field == Field.Reauthenticate => ("ends no authentication: the next is due at once", "say how long a connection may last, such as 12h"),
        _ => null,
    };

    /// <summary>A key that must go before its credential makes the longer lifetime a promise that is not kept.</summary>
    private static void CheckKeyLifetime(OutcomeSyntax outcome, IReadOnlyDictionary<Field, FieldValue> values, SourceText source, Faults faults)
    {
        FieldSyntax? own = Own(outcome, Field.KeyLifetime) ?? Own(outcome, Field.Lifetime);
        if (own is not null && values.GetValueOrDefault(Field.KeyLifetime) is FieldValue.Duration { Seconds: > 0 } key && values.GetValueOrDefault(Field.Lifetime) is FieldValue.Duration credential
            && key.Seconds < credential.Seconds)
        {
            faults.Senseless(source, own.Name.Span, $"key-lifetime {key} is shorter than lifetime {credential}",
                "no credential lasts longer than its key may be used: say the shorter for both, or give the key longer");
        }
    }

    /// <summary>A suite that is named, and hides nothing from whoever listens; what facts select is not looked at, since it bounds more than it names.</summary>
    private static void CheckSuites(FieldSyntax syntax, SourceText source, Faults faults)
    {
        if (syntax.Name.Text != Field.Suites.Name || syntax.Change == ListChange.Remove)
            return;
        foreach (AtomSyntax atom in syntax.Values)
        {
            if (TlsRegistry.Facts(Field.Suites.Name).FirstOrDefault(row => row.Name == atom.Text).Facts is not { } facts)
                continue;
            if (facts["cipher"] == "NULL")
                faults.Senseless(source, atom.Span, $"`{atom.Text}` encrypts nothing", "whoever listens reads what it carries: name a suite with a cipher");
            else if (int.TryParse(facts["key-bits"], NumberStyles.None, CultureInfo.InvariantCulture, out int bits) && bits < LeastKeyBits)
                faults.Senseless(source, atom.Span, $"`{atom.Text}` encrypts with a key of {bits} bits", $"NIST SP 800-131A allows none below {LeastKeyBits}: name another suite");
        }
    }

    private static FieldSyntax? Own(OutcomeSyntax outcome, Field field) => outcome.Fields.FirstOrDefault(own => own.Name.Text == field.Name);

    /// <summary>The windows are looked at together, wherever each comes from; a profile's own fault is reported at the profile.</summary>
    private static void CheckWindows(OutcomeSyntax outcome, IReadOnlyDictionary<Field, FieldValue> values, SourceText source, Faults faults)
    {
        FieldSyntax? own = Own(outcome, Field.FreshFor) ?? Own(outcome, Field.UsableFor);
        if (own is not null && values.GetValueOrDefault(Field.FreshFor) is FieldValue.Duration fresh && values.GetValueOrDefault(Field.UsableFor) is FieldValue.Duration usable
            && fresh.Seconds > usable.Seconds)
        {
            faults.FreshLongerThanUsable(source, own.Name.Span, fresh.ToString(), usable.ToString());
        }
    }

    /// <summary>A suite is one of TLS 1.3 or one of the versions before (RFC 8446, section 4.1.2): which, the registry's table says.</summary>
    private static void CheckVersions(OutcomeSyntax outcome, IReadOnlyDictionary<Field, FieldValue> values, SourceText source, Faults faults)
    {
        FieldSyntax? own = Own(outcome, Field.Suites) ?? Own(outcome, Field.Versions);
        if (own is null || values.GetValueOrDefault(Field.Versions) is not FieldValue.Names { Items: { IsEmpty: false } versions }
            || values.GetValueOrDefault(Field.Suites) is not FieldValue.Names { Items: { IsEmpty: false } suites })
        {
            return;
        }
        // Where a name is a fault of its own, the lists are not those that were meant.
        if (outcome.Fields.Any(field => (field.Name.Text == Field.Suites.Name && !field.Values.All(suite => TlsRegistry.CipherSuites.ContainsKey(suite.Text)))
            || (field.Name.Text == Field.Versions.Name && !field.Values.All(version => version.Text is "1.2" or "1.3" || version.Kind == M2MToken.Name && IsVersion(version.Text)))))
        {
            return;
        }
        bool areVersionsNew = versions.All(IsNew), areVersionsOld = !versions.Any(IsNew);
        CipherSuite[] known = [.. suites.Where(TlsRegistry.CipherSuites.ContainsKey).Select(name => TlsRegistry.CipherSuites[name])];
        if (known.Length == suites.Length && ((areVersionsOld && known.All(suite => suite.Tls13)) || (areVersionsNew && !known.Any(suite => suite.Tls13))))
            faults.VersionsWithoutSuites(source, own.Name, areSuitesNew: areVersionsOld);

        static bool IsNew(string version) => version is "TLS1.3" or "DTLS1.3";
        static bool IsVersion(string version) => Field.Versions.Shape is FieldShape.NameList { CodePoints: { } known } && known.ContainsKey(version);
    }
}
