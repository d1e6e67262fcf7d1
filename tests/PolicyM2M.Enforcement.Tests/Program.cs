using PolicyM2M.Enforcement.Tests;
using PolicyM2M.Enforcement.Tests.Rotation;

// What a test kills runs in a process of its own, and that is this one.
return args switch
{
    [StoringProcess.Command, var folder] => StoringProcess.Run(folder),
    [RotatingProcess.Command, var folder] => await RotatingProcess.RunAsync(folder),
    _ => 1,
};
