using PolicyM2M.Enforcement.Tests.Rotation;

// What a test kills runs in a process of its own, and that is this one.
return args is [RotatingProcess.Command, var folder] ? await RotatingProcess.RunAsync(folder) : 1;
