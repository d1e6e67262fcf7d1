namespace PolicyM2M.Emitters;

/// <summary>What takes the configuration.</summary>
public enum StackKind
{
    /// <summary>A program on OpenSSL: <c>openssl.cnf</c> and a C header with what that file cannot say.</summary>
    OpenSsl,

    /// <summary>Eclipse Mosquitto: a listener as a server, a bridge as a client.</summary>
    Mosquitto,

    /// <summary>nginx: the <c>ssl_</c> directives as a server, the <c>proxy_ssl_</c> directives as a client.</summary>
    Nginx,

    /// <summary>Envoy: a downstream TLS context as a server, an upstream one as a client.</summary>
    Envoy,

    /// <summary>Mbed TLS 4: a C header.</summary>
    MbedTls,

    /// <summary>The Security object of OMA LwM2M 1.2, which configures a client.</summary>
    LwM2m,
}

/// <summary>The names under which commands and answers know the stacks.</summary>
public static class StackKinds
{
    /// <summary>Every stack.</summary>
    public static IReadOnlyList<StackKind> All { get; } =
        [StackKind.OpenSsl, StackKind.Mosquitto, StackKind.Nginx, StackKind.Envoy, StackKind.MbedTls, StackKind.LwM2m];

    /// <summary>The stack's name, such as <c>nginx</c>.</summary>
    public static string Name(this StackKind stack) => stack switch
    {
        StackKind.OpenSsl => "openssl",
        StackKind.Mosquitto => "mosquitto",
        StackKind.Nginx => "nginx",
        StackKind.Envoy => "envoy",
        StackKind.MbedTls => "mbedtls",
        StackKind.LwM2m => "lwm2m",
        _ => throw new ArgumentOutOfRangeException(nameof(stack), stack, "not a stack"),
    };

    /// <summary>The stack of that name; null where there is none.</summary>
    public static StackKind? Find(string name)
    {
        foreach (StackKind stack in All)
        {
            if (stack.Name() == name)
                return stack;
        }
        return null;
    }
}
