using System.Globalization;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;

namespace PolicyM2M.Pdp.Rest;

/// <summary>Reads the message of a request: JSON as protobuf maps it, and fields in the path and the query. All of it is hostile until read.</summary>
internal static class RestRequest
{
    private static readonly JsonParser Json = new(JsonParser.Settings.Default);

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="RpcException">INVALID_ARGUMENT where it is no such message.</exception>
    /// <exception cref="RestRefusal">It is too large.</exception>
    public static async Task<IMessage> ReadAsync(HttpContext http, RestRoute route)
    {
        IMessage message = route.HasBody ? Parse(await BodyAsync(http), route.Rpc.InputType) : route.Rpc.InputType.Parser.ParseFrom(ByteString.Empty);
        foreach ((string name, object? value) in http.Request.RouteValues)
            Set(message, name, value as string ?? "");
        foreach ((string name, Microsoft.Extensions.Primitives.StringValues values) in http.Request.Query)
        {
            if (route.HasBody)
                throw Invalid($"`{name}` is in the query; it belongs into the body");
            Set(message, name, values is [{ } value] ? value : throw Invalid($"`{name}` is given more than once"));
        }
        return message;
    }

    private static async Task<string> BodyAsync(HttpContext http)
    {
        // Also what keeps pages of other sites from sending forms in the name of a browser that has a certificate.
        if (!http.Request.HasJsonContentType())
            throw Invalid("the body must be JSON, and say so: Content-Type: application/json");
        using var body = new MemoryStream();
        byte[] buffer = new byte[16 << 10];
        for (int read; (read = await http.Request.Body.ReadAsync(buffer, http.RequestAborted)) > 0; body.Write(buffer, 0, read))
        {
            if (body.Length + read > RequestLimits.MaximumMessageBytes)
            {
                throw new RestRefusal(StatusCodes.Status413PayloadTooLarge, new Status(StatusCode.ResourceExhausted, $"the body has more than {RequestLimits.MaximumMessageBytes} bytes"));
            }
        }
        try
        {
            return Utf8.GetString(body.GetBuffer(), 0, (int)body.Length);
        }
        catch (DecoderFallbackException)
        {
            throw Invalid("the body is not UTF-8");
        }
    }

    private static IMessage Parse(string body, MessageDescriptor type)
    {
        try
        {
            IMessage message = Json.Parse(body, type);
            return RestOverlooked.Find(body, type) is { } overlooked ? throw Invalid($"the body is no {type.Name}: {overlooked}") : message;
        }
        catch (Exception fault) when (fault is InvalidProtocolBufferException or InvalidJsonException or JsonException or FormatException or OverflowException or ArgumentException)
        {
            throw Invalid($"the body is no {type.Name}: {RestFault.Find(body, type) ?? RestOverlooked.Find(body, type) ?? "two of its fields exclude each other"}");
        }
    }

    /// <summary>Fields go by the name that JSON has for them, or by that of the contract.</summary>
    private static void Set(IMessage message, string name, string text)
    {
        FieldDescriptor field = RestFault.FieldOf(message.Descriptor, name)
            ?? throw Invalid($"`{name}` is no field of {message.Descriptor.Name}");
        object value = Value(field, text);
        if (!field.IsRepeated && field.FieldType is FieldType.String && field.Accessor.GetValue(message) is string { Length: > 0 } said && said != text)
            throw Invalid($"`{name}` is one thing in the path and another in the body");
        field.Accessor.SetValue(message, value);
    }

    private static object Value(FieldDescriptor field, string text) => (field.IsRepeated, field.FieldType) switch
    {
        (false, FieldType.String) => text,
        (false, FieldType.Int32) when int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) => number,
        (false, FieldType.UInt64) when ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) => number,
        (false, FieldType.Enum) when field.EnumType.FindValueByName(text) is { } named => named.Number,
        _ => throw Invalid($"`{text}` is no value of `{field.Name}`"),
    };

    /// <summary>Names and values of the query are the caller's own, and who reads the answer may be another one.</summary>
    private static RpcException Invalid(string reason) => new(new Status(StatusCode.InvalidArgument, PlainLine.Of(reason)));
}
