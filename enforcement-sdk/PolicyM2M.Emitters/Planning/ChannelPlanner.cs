using System.Collections.Immutable;
using PolicyM2M.Emitters.Names;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Emitters.Planning;

/// <summary>
/// Fits a decision to what a stack can do: takes away what it cannot, says each loss, and finds it infeasible where something would be looser. Each step only ever
/// takes away, and whatever a version needs and has not takes that version away.
/// </summary>
internal sealed class ChannelPlanner
{
    private readonly Outcome _channel;
    private readonly EmitterOptions _options;
    private readonly StackAbility _ability;
    private readonly ImmutableArray<Loss>.Builder _losses = ImmutableArray.CreateBuilder<Loss>();
    private bool _tls12;
    private bool _tls13;

    /// <summary>The schemes that are allowed, by what signs handshakes and by who may sign; null where neither is decided.</summary>
    private ImmutableArray<string>? _schemes;

    private ChannelPlanner(Outcome channel, EmitterOptions options, StackAbility ability)
    {
        _channel = channel;
        _options = options;
        _ability = ability;
    }

    /// <summary>The plan, null where the decision is infeasible, and all losses.</summary>
    public static (ChannelPlan? Plan, ImmutableArray<Loss> Losses) Plan(Outcome channel, Outcome? auth, EmitterOptions options, StackAbility ability)
    {
        var planner = new ChannelPlanner(channel, options, ability);
        ChannelPlan? plan = planner.Plan(auth);
        ImmutableArray<Loss> losses = planner._losses.ToImmutable();
        return (losses.Any(loss => loss.Kind == LossKind.Unenforceable) ? null : plan, losses);
    }

    private ChannelPlan? Plan(Outcome? auth)
    {
        TakeVersions();
        _schemes = Names(Field.Signatures);
        if (auth?[Field.KeyAlgorithms] is FieldValue.Names keys)
            BindKeys(keys.Items);
        ImmutableArray<StackName> suites12 = Suites(tls13: false), suites13 = Suites(tls13: true);
        DropWithout(suites12, suites13);
        ImmutableArray<StackName>? groups = Groups(ref suites12), signatures = Signatures();
        DropWithout(suites12, suites13);
        KeepOneVersion();
        SessionPlan sessions = SessionPlanner.Plan(_channel, auth, _ability, _tls13, ref _tls12, _losses);
        (bool mutual, bool spiffeOnly) = Authentication.Plan(auth, _options, _ability, _losses);
        long? longest = AuthDemands.Plan(auth, _options, _ability, _losses);
        if (_channel[Field.EarlyData] is FieldValue.Level { Rank: 0 })
            Lose(Field.EarlyData, "it is permitted, and yet not switched on: whoever does must know which requests may be replayed");
        if (!_tls12 && !_tls13)
        {
            _losses.Add(new Loss(Field.Versions.Name, LossKind.Unenforceable, $"of what the decision allows, nothing is left that {_ability.Stack} can do"));
            return null;
        }
        if (groups is { Length: > 1 } && _tls13 && !_ability.KeepsGroupOrder)
            Prefer(Field.Groups, "in TLS 1.3 a server takes a group for which the client has sent a share before one that it prefers itself");
        return new ChannelPlan(_tls12, _tls13, _tls12 ? suites12 : [], _tls13 ? suites13 : [], Used(groups, Usable), Used(signatures, UsableScheme), sessions, mutual, spiffeOnly, longest);
    }

    private void TakeVersions()
    {
        if (_options.Transport == ChannelTransport.Dtls && !_ability.Dtls)
            _losses.Add(new Loss(Field.Versions.Name, LossKind.Unenforceable, $"{_ability.Stack} speaks no DTLS"));
        string protocol = _options.Transport == ChannelTransport.Dtls ? "DTLS" : "TLS";
        ImmutableArray<string> allowed = Names(Field.Versions) ?? [];
        _tls12 = allowed.Contains($"{protocol}1.2");
        _tls13 = allowed.Contains($"{protocol}1.3");
        if (!_tls12 && !_tls13)
            _losses.Add(new Loss(Field.Versions.Name, LossKind.Unenforceable, $"the decision allows no version of {protocol}"));
        if (_options.Transport == ChannelTransport.Dtls && !_ability.Dtls13)
            Drop(ref _tls13, "1.3", $"{_ability.Stack} speaks no DTLS 1.3");
    }

    /// <summary>Holds the keys of both ends to what is decided, by the schemes that only such keys can sign with.</summary>
    private void BindKeys(ImmutableArray<string> keys)
    {
        bool hasTls13 = _tls13 && (Names(Field.Suites) ?? []).Any(name => TlsRegistry.CipherSuites[name].Tls13);
        string? why = !_ability.BindsKeys ? $"{_ability.Stack} is not known to hold a key to its scheme" : !hasTls13 ? "no signature scheme before TLS 1.3 names the curve or the length of a key" : null;
        if (why is not null || _options.HeldElsewhere.Contains(Field.KeyAlgorithms.Name))
        {
            AuthDemands.Demand(Field.KeyAlgorithms, why ?? "they are not held by signature schemes", _options, _losses);
            return;
        }
        Drop(ref _tls12, "1.2", "none of its signature schemes names the curve or the length of a key, and key-algorithms are decided");
        ImmutableArray<string> unbound = keys.RemoveAll(key => KeySchemes.Of(key) is not null);
        if (!unbound.IsEmpty)
            Lose(Field.KeyAlgorithms, $"{string.Join(", ", unbound)}: no signature scheme names the length of an RSA key");
        ImmutableArray<string> bound = [.. keys.Select(KeySchemes.Of).OfType<string>()];
        _schemes = _schemes is { } decided ? decided.RemoveAll(scheme => !bound.Contains(scheme)) : bound;
    }

    private ImmutableArray<StackName> Suites(bool tls13)
    {
        if (tls13 ? !_tls13 : !_tls12)
            return [];
        ImmutableArray<string> allowed = [.. (Names(Field.Suites) ?? []).Where(name => TlsRegistry.CipherSuites[name].Tls13 == tls13)];
        ImmutableArray<StackName> known = Known(Field.Suites, allowed, StackNames.Suite);
        if (tls13 && !_ability.FixedTls13Suites.IsEmpty)
        {
            ImmutableArray<string> forbidden = _ability.FixedTls13Suites.RemoveAll(name => allowed.Contains(name));
            if (!forbidden.IsEmpty)
                Drop(ref _tls13, "1.3", $"{_ability.Stack} offers {string.Join(", ", forbidden)} with it, which the decision does not allow, and cannot be told not to");
            else
                Prefer(Field.Suites, $"{_ability.Stack} orders the suites of TLS 1.3 itself");
            return known;
        }
        if (tls13)
            return known;
        ImmutableArray<StackName> finite = [.. known.Where(suite => StackNames.KeyExchange(suite.Iana) == "DHE")];
        if (finite.IsEmpty || (_ability.FiniteFields && Names(Field.Groups) is null))
            return known;
        string why = _ability.FiniteFields ? "no list of groups binds the parameters of DHE in TLS 1.2" : $"{_ability.Stack} is given no parameters for DHE";
        Lose(Field.Suites, $"{string.Join(", ", finite.Select(suite => suite.Iana))}: {why}");
        return known.RemoveRange(finite);
    }

    private ImmutableArray<StackName>? Groups(ref ImmutableArray<StackName> suites12)
    {
        if (Names(Field.Groups) is not { } allowed)
            return null;
        ImmutableArray<StackName> known = Known(Field.Groups, [.. allowed.Where(Usable)], StackNames.Group);
        if (!known.Any(group => TlsRegistry.Groups[group.Iana].Tls13))
            Drop(ref _tls13, "1.3", "none of the groups can be used with it");
        if (!known.Any(group => TlsRegistry.Groups[group.Iana].Tls12))
        {
            ImmutableArray<StackName> without = [.. suites12.Where(suite => StackNames.KeyExchange(suite.Iana) is "RSA" or "PSK")];
            if (!without.IsEmpty && without.Length < suites12.Length)
                Lose(Field.Suites, $"{string.Join(", ", suites12.Except(without).Select(suite => suite.Iana))}: none of the groups can be used with TLS 1.2");
            suites12 = without;
        }
        return known;
    }

    private ImmutableArray<StackName>? Signatures()
    {
        if (_schemes is not { } allowed)
            return null;
        ImmutableArray<StackName> known = Known(Field.Signatures, [.. allowed.Where(UsableScheme)], StackNames.Signature);
        if (!known.Any(scheme => TlsRegistry.SignatureSchemes[scheme.Iana].Tls13Handshake))
            Drop(ref _tls13, "1.3", "none of the signature schemes can be used with it");
        if (!known.Any(scheme => TlsRegistry.SignatureSchemes[scheme.Iana].Tls12))
            Drop(ref _tls12, "1.2", "none of the signature schemes can be used with it");
        return known;
    }

    private void DropWithout(ImmutableArray<StackName> suites12, ImmutableArray<StackName> suites13)
    {
        if (suites12.IsEmpty)
            Drop(ref _tls12, "1.2", "none of its suites can be used");
        if (suites13.IsEmpty)
            Drop(ref _tls13, "1.3", "none of its suites can be used");
    }

    private void KeepOneVersion()
    {
        if (_ability.OneVersion && _tls13)
            Drop(ref _tls12, "1.2", $"{_ability.Stack} takes one version only");
    }

    private bool Usable(string group) => TlsRegistry.Groups[group] is var known && ((known.Tls12 && _tls12) || (known.Tls13 && _tls13));

    private bool UsableScheme(string scheme) => TlsRegistry.SignatureSchemes[scheme] is var known && ((known.Tls12 && _tls12) || (known.Tls13Handshake && _tls13));

    private static ImmutableArray<StackName>? Used(ImmutableArray<StackName>? names, Func<string, bool> isUsable) => names is { } list ? [.. list.Where(name => isUsable(name.Iana))] : null;

    private ImmutableArray<StackName> Known(Field field, ImmutableArray<string> names, Func<Dialect, string, StackName?> find)
    {
        ImmutableArray<string> unknown = [.. names.Where(name => find(_ability.Dialect, name) is null)];
        if (!unknown.IsEmpty)
            Lose(field, $"{string.Join(", ", unknown)}: not to be had from {_ability.Stack}");
        return [.. names.Select(name => find(_ability.Dialect, name)).OfType<StackName>()];
    }

    private ImmutableArray<string>? Names(Field field) => _channel[field] is FieldValue.Names names ? names.Items : null;

    private void Drop(ref bool version, string number, string why)
    {
        // A version that the decision allows without a suite for it was never there.
        bool wasThere = version && Names(Field.Suites) is { } suites && suites.Any(name => TlsRegistry.CipherSuites[name].Tls13 == (number == "1.3"));
        version = false;
        if (wasThere)
            Lose(Field.Versions, $"{_options.Transport.ToString().ToUpperInvariant()} {number} is left out: {why}");
    }

    private void Lose(Field field, string what) => _losses.Add(new Loss(field.Name, LossKind.Tighter, what));

    private void Prefer(Field field, string what) => _losses.Add(new Loss(field.Name, LossKind.Preference, what));
}
