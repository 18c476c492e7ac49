using Cybernetes.Store.Tests.Crash;

namespace Cybernetes.Store.Tests;

/// <summary>
/// The test program's start: as xunit would make it, but it can also play the process that the crash tests kill.
/// </summary>
internal static class Program
{
    public static async Task<int> Main(string[] arguments)
    {
        if (arguments is [CrashingWriter.Argument, ..])
            return await CrashingWriter.RunAsync(arguments[1..]);
        if (arguments.Any(argument => argument is "--server" or "--internal-msbuild-node"))
            return await Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(
                arguments, SelfRegisteredExtensions.AddSelfRegisteredExtensions);
        return await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(arguments);
    }
}
