using Cybernetes.Store.Tests.Crash;
using Cybernetes.Store.Tests.Faults;

namespace Cybernetes.Store.Tests;

/// <summary>
/// The test program's start: as xunit would make it, but it can also play the process that the crash tests kill, and one
/// whose memory is measured.
/// </summary>
internal static class Program
{
    public static async Task<int> Main(string[] arguments)
    {
        if (arguments is [CrashingWriter.Argument, ..])
            return await CrashingWriter.RunAsync(arguments[1..]);
        if (arguments is [MemoryScenarios.Argument, var scenario])
            return await MemoryScenarios.RunAsync(scenario);
        if (arguments.Any(argument => argument is "--server" or "--internal-msbuild-node"))
            return await Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(
                arguments, SelfRegisteredExtensions.AddSelfRegisteredExtensions);
        return await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(arguments);
    }
}
