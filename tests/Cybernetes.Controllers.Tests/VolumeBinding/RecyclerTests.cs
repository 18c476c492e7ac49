using Cybernetes.Controllers.VolumeBinding;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Tests.VolumeBinding;

public sealed class RecyclerTests
{
    [Theory]
    [InlineData("1Gi", 60)]
    [InlineData("2Gi", 60)]
    [InlineData("10Gi", 300)]
    [InlineData("2500Mi", 60)]
    [InlineData("3500Mi", 90)]
    public void Timeout_LargerVolume_GrowsWithIt(string size, int seconds)
    {
        var settings = new RecyclerSettings(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(30));

        Assert.Equal(TimeSpan.FromSeconds(seconds), settings.TimeoutFor(Quantity.Parse(size)));
    }

    [Fact]
    public void Pod_OfATemplate_HasTheVolumeInPlaceOfItsFirst()
    {
        var template = new Pod
        {
            Metadata = { Name = "mine", GenerateName = "mine-" },
            Spec =
            {
                Containers = [new() { Name = "scrub", Image = "busybox:1", VolumeMounts = [new() { Name = "data", MountPath = "/data" }] }],
                Volumes = [new() { Name = "data", EmptyDir = new() }, new() { Name = "more", EmptyDir = new() }],
            },
        };
        var volume = ClaimReconcilerTests.Volume("v", "1Gi");

        var pod = VolumeReclaimer.RecyclerPod(volume, "recycler-for-v", new(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(30), template), "unused");

        Assert.Equal(("default", "recycler-for-v", ""), (pod.Metadata.Namespace, pod.Metadata.Name, pod.Metadata.GenerateName));
        Assert.Equal(60, pod.Spec.ActiveDeadlineSeconds);
        Assert.Equal(("data", null), (pod.Spec.Volumes![0].Name, pod.Spec.Volumes[0].EmptyDir));
        Assert.Equal(volume.Spec.HostPath!.Path, pod.Spec.Volumes[0].HostPath!.Path);
        Assert.Equal("more", pod.Spec.Volumes[1].Name);
    }

    [Theory]
    [InlineData("u", "c", "Delete", true)]
    [InlineData("u", "c", "Retain", false)]
    [InlineData("u", "c", "Recycle", false)]
    [InlineData("other", "c", "Delete", false)]
    [InlineData("u", "other", "Delete", false)]
    public void Reclaiming_VolumeHasChangedMeanwhile_IsNotDueAnyMore(string uid, string claim, string policy, bool expected)
    {
        static PersistentVolume Volume(string uid, string claim, string policy) => new()
        {
            Metadata = { Name = "v", UID = uid }, Spec = { PersistentVolumeReclaimPolicy = policy, ClaimRef = new() { UID = claim } },
        };
        var decided = Volume("u", "c", "Delete");

        Assert.Equal(expected, VolumeReclaimer.IsStillDue(decided, Volume(uid, claim, policy)));
        Assert.False(VolumeReclaimer.IsStillDue(decided, null));
    }
}
