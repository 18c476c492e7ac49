using Cybernetes.EndToEnd.Tests.Harness;

namespace Cybernetes.EndToEnd.Tests.Platform;

/// <summary><c>./dev sample-operator</c>: the package is packed, and the sample built and tested against it alone.</summary>
public sealed class SampleOperatorTests
{
    [ClusterFact]
    public async Task SampleOperator_AgainstThePackageAlone_IsGreen()
    {
        var result = await Command.RunAsync(Path.Combine(Machine.Repository, "dev"), ["sample-operator"], limit: TimeSpan.FromMinutes(8));

        Assert.Contains("Failed: 0", result.EnsureSuccess(), StringComparison.Ordinal);
    }
}
