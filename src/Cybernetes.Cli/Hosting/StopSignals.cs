using System.Runtime.InteropServices;

namespace Cybernetes.Cli.Hosting;

/// <summary>
/// Turns SIGTERM and SIGINT into a cancelled token: the first asks to stop in order, a second ends the process at once, as with
/// upstream's components.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<PosixSignalRegistration> _registrations = [];

    public StopSignals()
    {
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle));
    }

    public CancellationToken Token => _stop.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
        _stop.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        if (_stop.IsCancellationRequested)
            return;
        // Ours to handle once; the next signal has its usual effect.
        context.Cancel = true;
        _stop.Cancel();
    }
}
