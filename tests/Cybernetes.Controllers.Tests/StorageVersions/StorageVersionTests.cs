using Cybernetes.Controllers.StorageVersions;
using Cybernetes.Objects.ApiServerInternal.V1alpha1;

namespace Cybernetes.Controllers.Tests.StorageVersions;

public sealed class StorageVersionTests
{
    [Theory]
    [InlineData("a=v1 b=v2", "b", "a=v1", "v1")]
    [InlineData("a=v1 b=v2 c=v2", "a", "b=v2 c=v2", "v2")]
    [InlineData("a=v1 b=v2 c=v3", "a", "b=v2 c=v3", null)]
    [InlineData("a=v1", "a", "", null)]
    public void Without_ServersThatAreGone_LeavesTheOthers(string servers, string gone, string left, string? common)
    {
        var status = new StorageVersionStatus
        {
            StorageVersions =
            [
                .. servers.Split(' ').Select(s => s.Split('=')).Select(s => new ServerStorageVersion { APIServerID = s[0], EncodingVersion = s[1] }),
            ],
        };

        var result = StorageVersionCollector.Without(status, new HashSet<string> { gone });

        Assert.Equal(left, string.Join(' ', (result.StorageVersions ?? []).Select(s => $"{s.APIServerID}={s.EncodingVersion}")));
        Assert.Equal(common, result.CommonEncodingVersion);
    }
}
