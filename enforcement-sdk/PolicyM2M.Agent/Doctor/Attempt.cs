using System.Security.Cryptography;

namespace PolicyM2M.Agent.Doctor;

/// <summary>Has a look at something that may not be there, not be readable, or be something else.</summary>
internal static class Attempt
{
    /// <param name="check">What is looked at.</param>
    /// <param name="look">Looks.</param>
    /// <param name="remedy">What to do where that fails; who may not look at all is told who may.</param>
    /// <param name="keepsFromStarting">Whether the agent does not start where it fails.</param>
    public static Finding At(string check, Func<Finding> look, string remedy, bool keepsFromStarting = false)
    {
        try
        {
            return look();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return new Finding(check, Severity.Fault, fault.Message, fault is UnauthorizedAccessException ? UserChecks.Remedy : remedy) { KeepsFromStarting = keepsFromStarting };
        }
    }
}
