using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Rollouts;
using PolicyM2M.Registry;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Services;

/// <summary>
/// Before another revision answers, what was asked lately is decided and signed by it. Else all who ask in the first moments after a change wait for signatures, each of which costs more than many answers
/// from memory.
/// </summary>
internal sealed class Rehearsal(DecisionEndpoint decisions, AnswerMemory memory, RevisionState revisions, TimeProvider clock, ILogger<Rehearsal> log) : IRehearsal
{
    /// <summary>So long the change waits at most; what is not ready by then is made when it is asked for.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(400);

    public Action Rehearse(RevisionStatus next)
    {
        // While there is a candidate nothing is answered from memory.
        if (next.Candidate is not null)
            return () => { };
        long began = clock.GetTimestamp();
        var ready = new List<AnswerMemory.Entry>();
        try
        {
            (DeviceRegistry devices, bool isAway) = decisions.Devices();
            DateTimeOffset now = clock.GetUtcNow();
            foreach (AnswerMemory.Entry entry in memory.Latest(revisions.Current))
            {
                if (clock.GetElapsedTime(began) > Longest)
                    break;
                Answered known = entry.Answered;
                MadeAnswer made = decisions.Answer(DecideRequest.Parser.ParseFrom(entry.Request), next, devices, isAway, known.Caller, known.Device, now);
                ready.Add(new AnswerMemory.Entry(entry.Request, made.Answered, AnswerBytes.Of(made.Response)));
            }
        }
        catch (Exception fault)
        {
            // Whatever it is, whoever asks will be told of it; a change, and least of all one back, must not fail by what only makes it smoother.
            log.NotRehearsed(fault, next.Active.ShortId);
        }
        return () =>
        {
            foreach (AnswerMemory.Entry entry in ready)
                memory.Keep(entry.Request, entry.Answered, entry.Bytes);
        };
    }
}
