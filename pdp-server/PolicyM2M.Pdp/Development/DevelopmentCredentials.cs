using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Audit.Storage;
using PolicyM2M.Pdp.Startup;

namespace PolicyM2M.Pdp.Development;

/// <summary>
/// Sees to it that a data folder holds development credentials. What is there stays: a start that was cut short is
/// finished by the next, and only a leaf that has run out is replaced, under its old key. A folder with somebody else's
/// authority is left alone.
/// </summary>
/// <param name="InUse">Whether the folder's credentials were made here.</param>
/// <param name="Made">The files that this start wrote.</param>
internal sealed record DevelopmentCredentials(bool InUse, IReadOnlyList<string> Made)
{
    private const string Authority = "ca";

    /// <summary>A leaf with less than this left is renewed, so that no session of work ends in the middle.</summary>
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(1);

    /// <summary>Makes what is missing.</summary>
    /// <exception cref="StartupException">The folder cannot be written, or what it holds cannot be used.</exception>
    public static DevelopmentCredentials Prepare(DataFolder data, DateTimeOffset now)
    {
        try
        {
            PrivateFile.CreateFolder(data.Path);
            PrivateFile.CreateFolder(data.Pki);
            List<string> made = [];
            if (LoadAuthority(data, now, made) is not { } authority)
                return new DevelopmentCredentials(InUse: false, []);
            using (authority)
            {
                foreach (DevelopmentIdentity identity in DevelopmentIdentity.All)
                    Issue(data, authority, identity, now, made);
            }
            return new DevelopmentCredentials(InUse: true, made);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new StartupException($"the development credentials in {data.Pki} cannot be made: {FaultText.Of(fault)}", ExitCode.CouldNotRun, fault);
        }
    }

    /// <summary>For a server that others can reach: makes nothing, and lets nothing be used that was made here. A folder that was not mounted must not become a trust domain of its own.</summary>
    /// <exception cref="StartupException">There are no credentials of somebody else.</exception>
    public static DevelopmentCredentials None(DataFolder data, IPEndPoint listen)
    {
        string file = data.Certificate(Authority);
        string instead = $"put those of your trust domain there, listen on 127.0.0.1, or give --development where whoever can read {data.Pki} may be an operator";
        if (!File.Exists(file))
            throw new StartupException($"there is no {file}, and a server that listens on {listen} makes no certificates: {instead}");
        try
        {
            using var authority = X509Certificate2.CreateFromPem(OrdinaryFile.ReadText(file, Identity.TrustFiles.Largest));
            if (DevelopmentAuthority.Made(authority))
                throw new StartupException($"the certificates in {data.Pki} are for development, and this server listens on {listen}: {instead}");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new StartupException($"{file} cannot be used: {FaultText.Of(fault)}", ExitCode.CouldNotRun, fault);
        }
        return new DevelopmentCredentials(InUse: false, []);
    }

    private static X509Certificate2? LoadAuthority(DataFolder data, DateTimeOffset now, List<string> made)
    {
        string file = data.Certificate(Authority);
        if (File.Exists(file))
        {
            X509Certificate2 certificate = X509Certificate2.CreateFromPem(OrdinaryFile.ReadText(file, Identity.TrustFiles.Largest));
            if (!DevelopmentAuthority.Made(certificate) || !File.Exists(data.Key(Authority)))
                return null;
            if (certificate.NotAfter <= now)
                throw new StartupException($"the development CA in {data.Pki} has expired; delete that folder and start again");
            using ECDsa itsKey = Key(data, Authority, made);
            return certificate.CopyWithPrivateKey(itsKey);
        }
        // The authority's key is made first: whoever brought a certificate brought it from another one.
        if (File.Exists(data.Certificate("server")) && !File.Exists(data.Key(Authority)))
            throw new StartupException($"{file} is missing, and {data.Certificate("server")} is there: put the authority there that issued it, or start with an empty data folder to have development credentials made");
        using ECDsa key = Key(data, Authority, made);
        X509Certificate2 authority = DevelopmentAuthority.Create(key, now);
        Write(file, authority.ExportCertificatePem(), replace: false, made);
        return authority;
    }

    private static void Issue(DataFolder data, X509Certificate2 authority, DevelopmentIdentity identity, DateTimeOffset now, List<string> made)
    {
        string file = data.Certificate(identity.File);
        bool exists = File.Exists(file);
        if (exists)
        {
            using X509Certificate2 there = X509Certificate2.CreateFromPem(OrdinaryFile.ReadText(file, Identity.TrustFiles.Largest));
            if (there.NotAfter > now + RenewBefore || there.Issuer != authority.Subject)
                return;
        }
        using ECDsa key = Key(data, identity.File, made);
        using X509Certificate2 leaf = DevelopmentAuthority.Issue(authority, identity, key, now);
        Write(file, leaf.ExportCertificatePem(), replace: exists, made);
    }

    /// <summary>The key that is there; otherwise a new one, which is on disk before any certificate speaks of it.</summary>
    private static ECDsa Key(DataFolder data, string name, List<string> made)
    {
        string file = data.Key(name);
        if (!File.Exists(file))
        {
            using var fresh = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            Write(file, fresh.ExportPkcs8PrivateKeyPem(), replace: false, made);
        }
        var key = ECDsa.Create();
        key.ImportFromPem(OrdinaryFile.ReadText(file, Identity.TrustFiles.Largest));
        return key;
    }

    private static void Write(string file, string pem, bool replace, List<string> made)
    {
        if (replace)
            PrivateFile.Replace(file, pem + "\n");
        else
            PrivateFile.Create(file, pem + "\n");
        made.Add(file);
    }
}
