using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Store;

/// <summary>
/// A fault of the world, not of a policy's author: there is no such repository, ref or folder, the repository is damaged, or
/// what the folder holds cannot be a policy set's source. The message is one line, whatever names and words of others are in it, and says what to do.
/// </summary>
public sealed class PolicyStoreException : Exception
{
    internal PolicyStoreException(string message, Exception? cause = null)
        : base(PlainLine.Of(message), cause)
    {
    }
}
