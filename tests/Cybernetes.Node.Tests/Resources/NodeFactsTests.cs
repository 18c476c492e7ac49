using Cybernetes.Node.Resources;

namespace Cybernetes.Node.Tests.Resources;

public sealed class NodeFactsTests
{
    [Fact]
    public void Memory_OfMemInfo_IsInBytes() =>
        Assert.Equal(24684096L * 1024, NodeFacts.MemoryTotal(["MemTotal:       24684096 kB", "MemFree: 1 kB"]));

    [Fact]
    public void Cpus_OfCpuInfo_CountsProcessors() =>
        Assert.Equal(2, NodeFacts.CountCpus(["processor\t: 0", "model name\t: x", "processor\t: 1"]));

    [Theory]
    [InlineData("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"", "Debian GNU/Linux 12 (bookworm)")]
    [InlineData("NAME=x", "Linux")]
    public void OsImage_OfOsRelease_IsPrettyName(string line, string name) => Assert.Equal(name, NodeFacts.PrettyName([line]));

    [Theory]
    [InlineData(2097152, "hugepages-2Mi")]
    [InlineData(1073741824, "hugepages-1Gi")]
    [InlineData(65536, "hugepages-64Ki")]
    public void HugePages_Size_NamesResource(long bytes, string name) => Assert.Equal(name, NodeFacts.HugePageResource(bytes));

    [Fact]
    public void Facts_OfThisMachine_AreThere()
    {
        var facts = NodeFacts.OfThisMachine(Path.GetTempPath());

        Assert.True(facts.Cpus > 0);
        Assert.True(facts.MemoryBytes > 0);
        Assert.True(facts.EphemeralStorageBytes > facts.AllocatableEphemeralStorageBytes);
        Assert.NotEmpty(facts.KernelVersion);
        Assert.NotEmpty(facts.Architecture);
    }

    [Fact]
    public void Linux_FilesInDirectory_AreRead()
    {
        var root = Directory.CreateTempSubdirectory("facts").FullName + "/";
        void Put(string path, string text)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(root + path)!);
            File.WriteAllText(root + path, text);
        }

        Put("proc/cpuinfo", "processor : 0\n");
        Put("proc/meminfo", "MemTotal: 4 kB\n");
        Put("proc/sys/kernel/random/boot_id", "boot\n");
        Put("proc/sys/kernel/osrelease", "6.1\n");
        Put("etc/machine-id", "machine\n");
        Put("etc/os-release", "PRETTY_NAME='Tiny'\n");
        Put("sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "3\n");
        try
        {
            var facts = NodeFacts.ReadLinux(root, storageBytes: 100);

            Assert.Equal((1, 4096L, "boot", "6.1"), (facts.Cpus, facts.MemoryBytes, facts.BootId, facts.KernelVersion));
            Assert.Equal(("machine", "machine", "Tiny"), (facts.MachineId, facts.SystemUuid, facts.OsImage));
            Assert.Equal(6291456, facts.HugePageBytes[2097152]);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }
}
