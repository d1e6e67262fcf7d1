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
    /// <summary>So long a change for which somebody waits is held up at most; what is not ready by then is made when it is asked for.</summary>
    private static readonly TimeSpan Hurried = TimeSpan.FromMilliseconds(400);

    /// <summary>And so long one that comes by itself.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(3);

    /// <summary>Several times what one answer takes, so that the work is a part of the time.</summary>
    private static readonly TimeSpan EachAnswer = TimeSpan.FromMilliseconds(1);

    /// <summary>At leisure, so long it works before it lets others go on.</summary>
    private static readonly TimeSpan Stretch = TimeSpan.FromMilliseconds(2);

    /// <summary>And so many times that it then waits: the work, and the collections of what it leaves, must not be felt by those who ask.</summary>
    private const int Waits = 3;

    /// <summary>So much later than it should be a moment comes at most, or a clock was set.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromMilliseconds(100);

    public TimeSpan Leisure => memory.Latest(revisions.Current).Count() * EachAnswer is var needed && needed < Longest ? needed : Longest;

    public Action Rehearse(RevisionStatus next) => Rehearse(next, Hurried, static () => true, CancellationToken.None);

    public Action RehearseAtLeisure(RevisionStatus next, TimeSpan time, CancellationToken cancellation)
    {
        RevisionStatus before = revisions.Current;
        long began = Real.GetTimestamp(), stretch = began;
        Action rehearsed = Rehearse(next, time, () =>
        {
            cancellation.ThrowIfCancellationRequested();
            if (Real.GetElapsedTime(stretch) is var worked && worked >= Stretch)
            {
                // No longer than until the moment: where the machine is busy the work takes long, and what came too late would come to nothing.
                Pause(Shorter(worked * Waits, time - Real.GetElapsedTime(began)));
                stretch = Real.GetTimestamp();
            }
            return IsToCome();
        }, cancellation);
        // It answers from that moment on, and not before: a timer may end a little early. Where the clock was set back nobody waits for it.
        while (next.AnswersSince - clock.GetUtcNow() is var left && left > TimeSpan.Zero && IsToCome() && Real.GetElapsedTime(began) < time + Late)
            Pause(Shorter(left, time));
        return rehearsed;

        // Where another change came, this comes to nothing.
        bool IsToCome() => ReferenceEquals(revisions.Current, before);

        void Pause(TimeSpan pause)
        {
            if (pause > TimeSpan.Zero && IsToCome() && cancellation.WaitHandle.WaitOne((int)Math.Ceiling(pause.TotalMilliseconds)))
                cancellation.ThrowIfCancellationRequested();
        }

        static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
    }

    /// <summary>What work takes is no matter of what the clock says.</summary>
    private static TimeProvider Real => TimeProvider.System;

    private Action Rehearse(RevisionStatus next, TimeSpan longest, Func<bool> goesOn, CancellationToken cancellation)
    {
        // While there is a candidate nothing is answered from memory.
        if (next.Candidate is not null)
            return () => { };
        long began = Real.GetTimestamp();
        var ready = new List<AnswerMemory.Entry>();
        try
        {
            (DeviceRegistry devices, bool isAway) = decisions.Devices();
            DateTimeOffset now = clock.GetUtcNow() is var asked && asked > next.AnswersSince ? asked : next.AnswersSince;
            foreach (AnswerMemory.Entry entry in memory.Latest(revisions.Current))
            {
                if (Real.GetElapsedTime(began) > longest)
                    break;
                Answered known = entry.Answered;
                MadeAnswer made = decisions.Answer(DecideRequest.Parser.ParseFrom(entry.Request), next, devices, isAway, known.Caller, known.Device, now);
                ready.Add(new AnswerMemory.Entry(entry.Request, made.Answered, AnswerBytes.Of(made.Response)));
                if (!goesOn())
                    break;
            }
        }
        catch (Exception fault) when (!cancellation.IsCancellationRequested && fault is not OutOfMemoryException)
        {
            // Whatever it is, whoever asks will be told of it; a change, and least of all one back, must not fail by what only makes it smoother.
            log.NotRehearsed(fault, next.Active.ShortId);
        }
        return memory.Prepare(ready);
    }
}
