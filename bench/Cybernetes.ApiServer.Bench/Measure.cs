using System.Globalization;
using System.Runtime.InteropServices;

namespace Cybernetes.ApiServer.Bench;

/// <summary>
/// Times a piece of code in many short rounds by the processor time that the process used: on a shared machine the clock on the wall tells more about
/// the neighbours. Collecting garbage counts too, wherever it happens.
/// </summary>
internal static class Measure
{
    private const int Rounds = 40;
    private const int PerRound = 250;
    private const long WarmUpNanoseconds = 800_000_000;
    private const int ProcessClock = 2; // CLOCK_PROCESS_CPUTIME_ID

    /// <summary>Runs the work until it is compiled as a server's code is after a while. All of it before the first line is printed.</summary>
    public static void WarmUp(Func<object?> work)
    {
        // Long enough that what the runtime compiles in the background is compiled before the first round.
        for (var began = Nanoseconds(); Nanoseconds() - began < WarmUpNanoseconds;)
        {
            for (var i = 0; i < PerRound; i++)
                GC.KeepAlive(work());
        }
    }

    /// <summary>Prints one line: least and median µs, bytes allocated.</summary>
    public static void Run(string name, Func<object?> work)
    {
        var times = new double[Rounds];
        long bytes = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var start = Nanoseconds();
            for (var i = 0; i < PerRound; i++)
                GC.KeepAlive(work());
            times[round] = (Nanoseconds() - start) / 1000.0 / PerRound;
            bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / PerRound;
        }
        Array.Sort(times);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name,-64} {times[0],8:0.0} {times[Rounds / 2],8:0.0} µs {bytes,9:#,0} bytes"));
    }

    private static long Nanoseconds()
    {
        if (!OperatingSystem.IsLinux())
            return Environment.CpuUsage.TotalTime.Ticks * 100;
        _ = ReadClock(ProcessClock, out var time);
        return (time.Seconds * 1_000_000_000) + time.Nanoseconds;
    }

    [DllImport("libc", EntryPoint = "clock_gettime")]
    private static extern int ReadClock(int clock, out TimeSpec time);

    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
