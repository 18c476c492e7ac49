namespace Cybernetes.Controllers.Tests;

public sealed class ControllerNamesTests
{
    private static readonly string[] s_known = ["deployment-controller", "persistentvolume-attach-detach-controller", "token-cleaner-controller"];
    private static readonly HashSet<string> s_off = ["token-cleaner-controller"];

    [Theory]
    [InlineData("*", "deployment-controller persistentvolume-attach-detach-controller")]
    [InlineData("*,-deployment", "persistentvolume-attach-detach-controller")]
    [InlineData("*,tokencleaner", "deployment-controller persistentvolume-attach-detach-controller token-cleaner-controller")]
    [InlineData("attachdetach", "persistentvolume-attach-detach-controller")]
    [InlineData("deployment,-deployment-controller", "")]
    public void Select_NamesOfOldAndNew_MeanTheSame(string wanted, string selected) =>
        Assert.Equal(selected, string.Join(' ', ControllerNames.Select(wanted.Split(','), s_known, s_off)));

    [Fact]
    public void Select_UnknownName_IsRefused() =>
        Assert.Contains("\"no-such\" is not in the list of known controllers",
            Assert.Throws<ArgumentException>(() => ControllerNames.Select(["*", "-no-such"], s_known, s_off)).Message);
}
