using System.Text;
using Net.Pkcs11Interop.Common;
using Net.Pkcs11Interop.HighLevelAPI;
using Net.Pkcs11Interop.HighLevelAPI.Factories;

namespace PolicyM2M.Enforcement.Pkcs11;

/// <summary>
/// A store's key that comes out of a token by PKCS #11 (OASIS, 2.40 and later): the HMAC of a fixed text under a secret that was made on the token and never leaves it. So the store of a
/// device whose disk was copied cannot be read elsewhere. While the client runs, the store's key itself is in its memory. The token must do CKM_GENERIC_SECRET_KEY_GEN and CKM_SHA256_HMAC.
/// </summary>
public sealed class TokenStoreKey : IStoreKey
{
    private const int SecretLength = 32;

    /// <summary>What is signed. It sets this use of the secret apart from any other.</summary>
    private static readonly byte[] Purpose = Encoding.ASCII.GetBytes("PolicyM2M store key 1");

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TokenKeyOptions _options;

    /// <summary>The key of a token. Nothing is opened before it is read.</summary>
    public TokenStoreKey(TokenKeyOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">The library, the token or the PIN cannot be had, the token refuses, or it has two keys of that label. The message never holds the PIN.</exception>
    public byte[] Read()
    {
        try
        {
            DynamicLoader.Prepare();
            var factories = new Pkcs11InteropFactories();
            using IPkcs11Library library = factories.Pkcs11LibraryFactory.LoadPkcs11Library(factories, _options.Library, AppType.MultiThreaded);
            ISlot[] slots = [.. library.GetSlotList(SlotsType.WithTokenPresent).Where(slot => slot.GetTokenInfo().Label == _options.Token)];
            if (slots is not [var token])
                throw new IOException($"{_options.Library} has {slots.Length} tokens with the label `{_options.Token}`, and exactly one is needed");
            using ISession session = token.OpenSession(SessionType.ReadWrite);
            LogIn(session, Pin());
            return session.Sign(session.Factories.MechanismFactory.Create(CKM.CKM_SHA256_HMAC), Secret(session), Purpose);
        }
        catch (Exception failure) when (failure is UnmanagedException or DllNotFoundException)
        {
            throw new IOException($"{_options.Library} cannot be loaded: {failure.Message}", failure);
        }
        catch (Pkcs11Exception failure)
        {
            throw new IOException($"the key `{_options.Key}` of the token `{_options.Token}` cannot be used: {failure.Method} says {failure.RV}", failure);
        }
    }

    private string Pin()
    {
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(_options.PinPath) & ~OwnerOnly) is not 0 and var more)
            throw new IOException($"{_options.PinPath} may be used by others than its owner ({more}); make it yours alone with: chmod 600 {_options.PinPath}");
        return File.ReadAllText(_options.PinPath).TrimEnd('\r', '\n');
    }

    private static void LogIn(ISession session, string pin)
    {
        try
        {
            session.Login(CKU.CKU_USER, pin);
        }
        catch (Pkcs11Exception already) when (already.RV == CKR.CKR_USER_ALREADY_LOGGED_IN)
        {
            // Another session of this process did: that counts for all of them.
        }
    }

    private IObjectHandle Secret(ISession session)
    {
        IObjectAttributeFactory attributes = session.Factories.ObjectAttributeFactory;
        List<IObjectAttribute> named =
        [
            attributes.Create(CKA.CKA_CLASS, CKO.CKO_SECRET_KEY), attributes.Create(CKA.CKA_KEY_TYPE, CKK.CKK_GENERIC_SECRET),
            attributes.Create(CKA.CKA_TOKEN, true), attributes.Create(CKA.CKA_LABEL, _options.Key),
        ];
        List<IObjectHandle> found = session.FindAllObjects(named);
        if (found.Count > 1)
            throw new IOException($"the token `{_options.Token}` has {found.Count} keys with the label `{_options.Key}`; which one is meant cannot be told");
        return found.Count == 1 ? found[0] : session.GenerateKey(session.Factories.MechanismFactory.Create(CKM.CKM_GENERIC_SECRET_KEY_GEN),
        [
            .. named, attributes.Create(CKA.CKA_VALUE_LEN, SecretLength), attributes.Create(CKA.CKA_PRIVATE, true), attributes.Create(CKA.CKA_SENSITIVE, true),
            attributes.Create(CKA.CKA_EXTRACTABLE, false), attributes.Create(CKA.CKA_SIGN, true),
        ]);
    }
}
