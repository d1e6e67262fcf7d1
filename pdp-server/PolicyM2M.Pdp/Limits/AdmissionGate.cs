using PolicyM2M.Pdp.Identity;

namespace PolicyM2M.Pdp.Limits;

/// <summary>Counts each call while it lasts, and waits until all of it has arrived.</summary>
/// <param name="loads">What all callers have open.</param>
/// <param name="overloads">Where it is told who was turned away.</param>
/// <param name="streams">Which calls are streams.</param>
/// <param name="grace">How long a request may take to arrive.</param>
/// <param name="atOnce">Answers what can be answered at once.</param>
internal sealed class AdmissionGate(CallerLoads loads, Overloads overloads, StreamPaths streams, TimeSpan grace, Func<HttpContext, CallerConnection, Task?> atOnce)
{
    /// <summary>Lets a call through, or turns it away.</summary>
    public Task Admit(HttpContext http, RequestDelegate next)
    {
        CallerConnection connection = http.CallerConnection();
        bool isStream = streams.Contains(http.Request.Path);
        if (loads.Begin(connection.Load, isStream) is { } overload)
        {
            overloads.Turned(connection.First, overload.Reason);
            Admission.Refuse(http, overload);
            return Task.CompletedTask;
        }
        Task answer;
        try
        {
            answer = isStream ? next(http) : atOnce(http, connection) ?? OnceThere(http, connection, next);
        }
        catch
        {
            loads.End(connection.Load, isStream);
            throw;
        }
        // Most calls are answered here and now, and pay for nothing that waits.
        if (!answer.IsCompletedSuccessfully)
            return Until(answer, connection.Load, isStream);
        loads.End(connection.Load, isStream);
        return answer;
    }

    private async Task Until(Task answer, CallerLoad load, bool isStream)
    {
        try
        {
            await answer;
        }
        finally
        {
            loads.End(load, isStream);
        }
    }

    private async Task OnceThere(HttpContext http, CallerConnection connection, RequestDelegate next)
    {
        if (await RequestArrival.CompletesAsync(http, grace))
        {
            await (atOnce(http, connection) ?? next(http));
        }
        else if (!http.RequestAborted.IsCancellationRequested)
        {
            overloads.Turned(connection.First, "a request did not arrive in its time");
            Admission.EndLate(http, grace);
        }
    }
}
