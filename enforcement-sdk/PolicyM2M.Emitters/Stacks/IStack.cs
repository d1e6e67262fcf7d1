using System.Collections.Immutable;
using PolicyM2M.Emitters.Planning;

namespace PolicyM2M.Emitters.Stacks;

/// <summary>Writes the configuration of one stack.</summary>
internal interface IStack
{
    /// <summary>What its configuration can say in the role and for the transport of the options.</summary>
    StackAbility Ability(EmitterOptions options);

    /// <summary>The names of all files that any decision may give it in that role.</summary>
    ImmutableArray<string> FileNames(EmitterOptions options);

    /// <summary>The files that hold the plan.</summary>
    ImmutableArray<EmittedFile> Emit(ChannelPlan plan, EmitterOptions options);

    /// <summary>The files with which no connection comes about; none where the stack has no such setting.</summary>
    ImmutableArray<EmittedFile> Refuse(EmitterOptions options, string reason);
}
