using System.Runtime.CompilerServices;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Pdp.Limits;
using PolicyM2M.Pdp.Signing;

namespace PolicyM2M.Pdp.Services;

/// <summary>
/// The signed decisions that each caller got lately, for each device: a watch can then tell which of them hold on under another revision. The decisions are shared with all who got them, so that a caller costs a few
/// references and nothing more; who is not connected is forgotten. Safe for all threads: each caller's part has a lock.
/// </summary>
internal sealed class GivenDecisions
{
    private readonly ConditionalWeakTable<CallerLoad, OfCaller> _byCaller = [];

    /// <summary>An answer goes out.</summary>
    public void Note(CallerLoad caller, Answered answered)
    {
        if (answered.Signed.Length > 0)
            _byCaller.GetValue(caller, static _ => new OfCaller()).Note(answered);
    }

    /// <summary>Which of those about a device hold as they are under a revision. The others are forgotten: who has them is told.</summary>
    public IEnumerable<SignedDecision> Unchanged(CallerLoad caller, string device, Bundle bundle, DateTimeOffset now) =>
        _byCaller.TryGetValue(caller, out OfCaller? given) ? given.Unchanged(device, bundle, now) : [];

    /// <summary>
    /// How long the longest of those about a device may be used that may still be; where none of these may, the one that its caller may use until last, whichever device it asked about: it holds for all in its
    /// region. Null where none may.
    /// </summary>
    public TimeSpan? LongestUse(CallerLoad caller, string device, DateTimeOffset now) => _byCaller.TryGetValue(caller, out OfCaller? given) ? given.LongestUse(device, now) : null;

    /// <summary>Whether nothing is known of what a caller was given: it came back after a while, or the server did, and it may have decisions of before.</summary>
    public bool KnowsNothingOf(CallerLoad caller) => !_byCaller.TryGetValue(caller, out _);

    private sealed class OfCaller
    {
        /// <summary>A device has three decisions, and some more while what it says of itself goes to and fro.</summary>
        private const int FewestPlaces = 4, MostPlaces = 16;

        /// <summary>A gateway speaks for the devices of its site: as many as it may watch.</summary>
        private const int MostDevices = WatchedDevices.Most;

        private readonly Lock _lock = new();
        private readonly Dictionary<string, OfDevice> _byDevice = new(1, StringComparer.Ordinal);

        /// <summary>What was given last. Not the answer itself, which would keep the policies and the registry that it came from in memory for as long as its caller is connected.</summary>
        private volatile SignedDecision[]? _last;

        /// <summary>Of all that were given, the one that may be used until last; guarded by the lock.</summary>
        private SignedDecision? _lastUsable;

        public void Note(Answered answered)
        {
            // A device mostly hears again what it heard last.
            if (ReferenceEquals(_last, answered.Signed))
                return;
            lock (_lock)
            {
                if (!_byDevice.TryGetValue(answered.Device, out OfDevice? device))
                {
                    if (_byDevice.Count >= MostDevices)
                        _byDevice.Remove(_byDevice.Keys.First());
                    _byDevice[answered.Device] = device = new OfDevice();
                }
                foreach (SignedDecision signed in answered.Signed)
                {
                    device.Note(signed);
                    _lastUsable = _lastUsable?.UsableUntil > signed.UsableUntil ? _lastUsable : signed;
                }
                _last = answered.Signed;
            }
        }

        public IEnumerable<SignedDecision> Unchanged(string name, Bundle bundle, DateTimeOffset now)
        {
            SignedDecision[] known;
            lock (_lock)
                known = _byDevice.TryGetValue(name, out OfDevice? device) ? [.. device.Places.OfType<SignedDecision>()] : [];
            // Outside of the lock: where nobody asked before it takes a while.
            SignedDecision[] changed = [.. known.Where(signed => now >= signed.UsableUntil || !signed.HoldsUnder(bundle, now))];
            lock (_lock)
            {
                if (changed.Length > 0 && _byDevice.TryGetValue(name, out OfDevice? device))
                {
                    device.Forget(changed);
                    _last = null;
                }
            }
            return known.Except(changed);
        }

        public TimeSpan? LongestUse(string name, DateTimeOffset now)
        {
            TimeSpan? Use(SignedDecision? signed) => now < signed?.UsableUntil ? signed.Decision.UsableFor : null;
            lock (_lock)
            {
                SignedDecision?[] known = _byDevice.TryGetValue(name, out OfDevice? device) ? device.Places : [];
                return known.Max(Use) ?? Use(_lastUsable);
            }
        }

        private sealed class OfDevice
        {
            private int _next;

            public SignedDecision?[] Places { get; private set; } = new SignedDecision?[FewestPlaces];

            /// <summary>The later one of a kind and a region stands for those before; otherwise the oldest goes.</summary>
            public void Note(SignedDecision signed)
            {
                int place = 0;
                while (place < Places.Length && !(Places[place] is { } known && ReferenceEquals(known.Region, signed.Region) && known.Decision.Kind == signed.Decision.Kind))
                    place++;
                if (place == Places.Length)
                {
                    if (_next == Places.Length && _next < MostPlaces)
                        Places = [.. Places, .. new SignedDecision?[_next]];
                    place = _next % Places.Length;
                    _next = place + 1;
                }
                Places[place] = signed;
            }

            public void Forget(SignedDecision[] changed)
            {
                for (int place = 0; place < Places.Length; place++)
                {
                    if (changed.Contains(Places[place]))
                        Places[place] = null;
                }
            }
        }
    }
}
