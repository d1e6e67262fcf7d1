namespace PolicyM2M.X509.Revocation;

/// <summary>One certificate of a chain as revocation sees it: a number that an issuer gave.</summary>
/// <param name="SerialNumber">Its serial number, in hexadecimal digits.</param>
/// <param name="Issuer">Who issued it.</param>
internal sealed record ChainLink(string SerialNumber, CrlIssuer Issuer);
