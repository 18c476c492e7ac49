using Cybernetes.EndToEnd.Tests.Harness;

namespace Cybernetes.EndToEnd.Tests.Clients;

/// <summary>The versions that the commands are tried with: the oldest and the newest there are; all with CYBERNETES_KUBECTLS=all.</summary>
public static class KubectlVersions
{
    /// <summary>Those that write to the API each in their own way: 1.20, 1.27, 1.33 and 1.36, as far as they are there.</summary>
    public static TheoryData<string> OfEachAge()
    {
        if (!Machine.CanRunNodes)
            return ["none"];
        Machine.PrepareAsync().GetAwaiter().GetResult();
        return [.. Machine.KubectlVersions().Where(version => version is "1.20" or "1.27" or "1.33" or "1.36")];
    }

    public static TheoryData<string> Tried()
    {
        if (!Machine.CanRunNodes)
            return ["none"];
        Machine.PrepareAsync().GetAwaiter().GetResult(); // data is asked for before any fixture is made
        var all = Machine.KubectlVersions();
        return Environment.GetEnvironmentVariable("CYBERNETES_KUBECTLS") == "all" ? [.. all] : [.. new[] { all[0], all[^1] }.Distinct()];
    }
}
