using System.Collections.Immutable;
using PolicyM2M.Enforcement.Storing;
using PolicyM2M.X509.Revocation;

namespace PolicyM2M.Enforcement.Tls;

/// <summary>
/// Revocation lists (RFC 5280, section 5; PEM or DER) in files that somebody keeps new, of at most 64 MiB. They are read again when one changes, or the link that leads to it. A
/// file that is away or cannot be read is no list: under <c>revocation hard</c> nobody of its authority gets in until it is whole again. Safe for all threads.
/// </summary>
public sealed class RevocationListFiles
{
    /// <summary>Many times a list of a hundred thousand certificates.</summary>
    private const long LargestList = 64 << 20;

    private readonly ImmutableArray<string> _paths;
    private readonly Lock _reading = new();
    private ImmutableArray<string> _stamps;
    private Content _content = new(new([], acceptsExpired: true), []);

    /// <summary>The lists of these files.</summary>
    public RevocationListFiles(params IEnumerable<string> paths) => _paths = [.. paths];

    /// <summary>What the files hold now.</summary>
    /// <param name="Lists">The lists. One that has ended still says who was revoked.</param>
    /// <param name="Faults">Which files could not be used, and why.</param>
    internal sealed record Content(RevocationLists Lists, ImmutableArray<string> Faults)
    {
        /// <summary>
        /// When the oldest of the lists that count was made, and when the first authority is left without one; null where there is none. An authority that has changed its key has a list for each of its
        /// keys: one that has ended does not count beside another that has not. Who has a certificate by the key of before is let in by nobody then.
        /// </summary>
        /// <param name="now">The time.</param>
        public (DateTimeOffset Made, DateTimeOffset Ends)? Times(DateTimeOffset now)
        {
            RevocationList[][] authorities = [.. Lists.All.GroupBy(list => list.Issuer).Select(lists => lists.Any(IsInTime) ? lists.Where(IsInTime).ToArray() : [.. lists])];
            return authorities.Length == 0 ? null
                : (authorities.Min(lists => lists.Min(list => list.ThisUpdate)), authorities.Min(lists => lists.Max(list => list.NextUpdate)));

            bool IsInTime(RevocationList list) => now <= list.NextUpdate;
        }
    }

    internal Content Read()
    {
        lock (_reading)
        {
            ImmutableArray<string> stamps = [.. _paths.Select(BoundedFile.Stamp)];
            if (!_stamps.IsDefault && stamps.AsSpan().SequenceEqual(_stamps.AsSpan()))
                return _content;
            List<RevocationList> lists = [];
            List<string> faults = [];
            foreach (string path in _paths)
            {
                try
                {
                    lists.AddRange(RevocationListReader.Read(BoundedFile.Read(path, LargestList)));
                }
                catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
                {
                    faults.Add(fault.Message);
                }
                catch (FormatException fault)
                {
                    faults.Add($"{path}: {fault.Message}");
                }
            }
            // A file that could not be read may be in the middle of being written: it is looked at again.
            _stamps = faults.Count == 0 ? stamps : default;
            return _content = new(new(lists, acceptsExpired: true), [.. faults]);
        }
    }
}
