using PolicyM2M.Enforcement.Tests;

// What a test kills runs in a process of its own, and that is this one.
return args is [StoringProcess.Command, var folder] ? StoringProcess.Run(folder) : 1;
