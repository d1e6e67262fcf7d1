namespace PolicyM2M.Pdp.Tests;

/// <summary>A registry of two sites.</summary>
internal static class TestRegistry
{
    public const string Json = """
        {
          "devices": {
            "plc-0042": { "location.site": "plant-7", "posture.risk": 20 },
            "plc-0099": { "location.site": "plant-9", "posture.risk": 20 },
            "sensor-1": { "location.site": "plant-7", "posture.risk": 80, "device.type": "sensor", "key.protection": "hsm" },
            "gw-plant7": { "location.site": "plant-7" }
          }
        }
        """;
}
