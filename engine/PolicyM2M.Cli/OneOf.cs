using System.CommandLine;

namespace PolicyM2M.Cli;

/// <summary>Options whose value is one of a few words.</summary>
internal static class OneOf
{
    /// <summary>Refuses any other value, and says which there are; a shell that completes offers them.</summary>
    public static Option<T> Takes<T>(this Option<T> option, params string[] values)
    {
        option.CompletionSources.Add(values);
        option.Validators.Add(result =>
        {
            foreach (string other in result.Tokens.Select(token => token.Value).Where(value => !values.Contains(value)))
                result.AddError($"`{other}` is no value for {option.Name}: expected one of {string.Join(", ", values)}");
        });
        return option;
    }
}
