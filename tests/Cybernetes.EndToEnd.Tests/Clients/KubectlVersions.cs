using Cybernetes.EndToEnd.Tests.Harness;

namespace Cybernetes.EndToEnd.Tests.Clients;

/// <summary>The versions that the commands are tried with: the oldest and the newest there are; all with CYBERNETES_KUBECTLS=all.</summary>
public static class KubectlVersions
{
    public static TheoryData<string> Tried()
    {
        if (!Machine.CanRunNodes)
            return ["none"];
        Machine.PrepareAsync().GetAwaiter().GetResult(); // data is asked for before any fixture is made
        var all = Machine.KubectlVersions();
        return Environment.GetEnvironmentVariable("CYBERNETES_KUBECTLS") == "all" ? [.. all] : [.. new[] { all[0], all[^1] }.Distinct()];
    }
}
