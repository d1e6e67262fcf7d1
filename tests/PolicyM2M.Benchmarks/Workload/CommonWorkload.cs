using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace PolicyM2M.Benchmarks.Workload;

/// <summary>
/// The workload that PolicyM2M and its peers were all measured with: N rules, 2,000 requests of which 80 % aim at a rule, and what a naive loop
/// answers. Ported from the JavaScript that wrote it for the peers; the order of the draws is part of it.
/// </summary>
internal sealed record CommonWorkload(ImmutableArray<WorkloadRule> Rules, ImmutableArray<WorkloadRequest> Requests, ImmutableArray<WorkloadAnswer> Expected)
{
    public const int Outcomes = 24;

    private const int RequestCount = 2000;
    private const uint Seed = 20240607;

    private static readonly string[] Vendors = ["acme", "bosch", "siemens", "landis", "itron", "kamstrup"];
    private static readonly string[] Protocols = ["mqtt", "coap", "opcua", "amqp", "lwm2m"];

    /// <summary>The workload with this many rules.</summary>
    public static CommonWorkload Of(int rules)
    {
        (int types, int zones) = rules > 1000 ? (100, 40) : (20, 16);
        var random = new Mulberry32(Seed + (uint)rules);
        ImmutableArray<WorkloadRule> made = [.. Enumerable.Range(0, rules).Select(_ => Rule(random, types, zones))];
        ImmutableArray<WorkloadRequest> requests = [.. Enumerable.Range(0, RequestCount).Select(_ => Request(random, made, types, zones))];
        return new CommonWorkload(made, requests, [.. requests.Select(request => NaiveAnswer(made, request))]);
    }

    /// <summary>The first rule that matches, by trying one after the other.</summary>
    public static WorkloadAnswer NaiveAnswer(ImmutableArray<WorkloadRule> rules, WorkloadRequest request)
    {
        for (int i = 0; i < rules.Length; i++)
        {
            if (rules[i].Matches(request))
                return new WorkloadAnswer(i, rules[i].Outcome);
        }
        return new WorkloadAnswer(-1, -1);
    }

    /// <summary>The SHA-256 of all of it, one rule, request or answer a line: what shows that two generators draw the same.</summary>
    public string Hash()
    {
        var text = new StringBuilder();
        foreach (object line in Rules.Cast<object>().Concat(Requests).Concat(Expected.Cast<object>()))
            text.Append(line).Append('\n');
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    private static WorkloadRule Rule(Mulberry32 random, int types, int zones)
    {
        string type = Type(random, types), zone = Zone(random, zones);
        int firmware = (random.Next(1, 9) * 10_000) + (random.Next(0, 19) * 100) + random.Next(0, 9);
        return new WorkloadRule(type, zone, firmware, random.Next(5, 95), random.Chance(0.4), random.Next(0, Outcomes - 1));
    }

    private static WorkloadRequest Request(Mulberry32 random, ImmutableArray<WorkloadRule> rules, int types, int zones)
    {
        WorkloadRule? aimed = random.Chance(0.8) ? rules[random.Next(0, rules.Length - 1)] : null;
        string id = $"dev-{random.Next(0, 999_999):D6}", type = Own(aimed?.Type) ?? Type(random, types), vendor = random.Pick<string>(Vendors);
        int firmware = aimed is not null ? aimed.Firmware + random.Next(0, 20_000) : (random.Next(1, 9) * 10_000) + random.Next(0, 1909);
        string zone = Own(aimed?.Zone) ?? Zone(random, zones);
        int risk = aimed is not null ? random.Next(0, aimed.Risk) : random.Next(0, 100);
        bool secureElement = aimed is { SecureElement: true } || random.Chance(0.5);
        return new WorkloadRequest(id, type, vendor, firmware, zone, risk, secureElement, random.Chance(0.5), 64 << random.Next(0, 8),
            random.Pick<string>(Protocols), random.Next(1, 400), random.Next(0, 100));
    }

    /// <summary>A copy: requests come from a network, and no text of theirs is the very object that a rule holds, which would be compared for nothing.</summary>
    private static string? Own(string? text) => text is null ? null : new string(text.AsSpan());

    private static string Type(Mulberry32 random, int count) => $"type-{random.Next(0, count - 1):D2}";

    private static string Zone(Mulberry32 random, int count) => $"zone-{random.Next(0, count - 1):D2}";
}
