using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace PolicyM2M.Cli;

/// <summary>The help that the library writes, with examples below it.</summary>
internal sealed class HelpWithExamples(HelpAction help, string examples) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        TextWriter output = parseResult.InvocationConfiguration.Output;
        using var written = new StringWriter();
        parseResult.InvocationConfiguration.Output = written;
        int code = help.Invoke(parseResult);
        parseResult.InvocationConfiguration.Output = output;
        // The library lists a command's arguments as if all of them were required.
        string text = written.ToString();
        foreach (Command command in parseResult.CommandResult.Command.Subcommands)
        {
            foreach (Argument optional in command.Arguments.Where(argument => argument.Arity.MinimumNumberOfValues == 0))
                text = text.Replace($" {command.Name} <{optional.Name}>", $" {command.Name} [{optional.Name}]", StringComparison.Ordinal);
        }
        output.Write(text);
        output.Write(examples.ReplaceLineEndings("\n").TrimEnd('\n') + "\n");
        return code;
    }

    /// <summary>Gives a command its own help option, and returns the command.</summary>
    public static T On<T>(T command, string examples)
        where T : Command
    {
        HelpOption? option = command.Options.OfType<HelpOption>().SingleOrDefault();
        if (option is null)
            command.Options.Add(option = new HelpOption());
        option.Recursive = false;
        option.Action = new HelpWithExamples((HelpAction)option.Action!, examples);
        return command;
    }
}
