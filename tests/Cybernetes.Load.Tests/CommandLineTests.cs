using System.Text.Json;
using Cybernetes.Load.Commands;

namespace Cybernetes.Load.Tests;

public sealed class CommandLineTests(LoadedServer server) : IClassFixture<LoadedServer>
{
    [Fact]
    public void Run_ScenarioByKubeconfig_PrintsJson()
    {
        var (code, output, errors) = Run(
            "create", "--kubeconfig", server.KubeconfigPath, "--clients", "2", "--count=10", "--warm-up", "0", "--json", "-", "--pid", $"{Environment.ProcessId}");
        Assert.True(code == 0, errors);
        using var json = JsonDocument.Parse(output);
        Assert.Equal(10, json.RootElement.GetProperty("subjects")[0].GetProperty("runs")[0].GetProperty("done").GetInt32());
    }

    [Fact]
    public void Ceiling_StartedAsAProcess_AnswersAndEnds()
    {
        var (code, output, errors) = Run("ceiling", "--seconds", "0.05", "--warm-up", "0");
        Assert.True(code == 0, errors);
        Assert.Contains("post, 64 clients", output);
        Assert.DoesNotContain("errors", output);
    }

    [Theory]
    [InlineData("there is no command", "dance")]
    [InlineData("unknown option --colour", "get", "--colour", "red")]
    [InlineData("a number of at least 1", "get", "--clients", "0", "--kubeconfig", "KUBECONFIG")]
    [InlineData("json or protobuf", "get", "--accept", "xml", "--kubeconfig", "KUBECONFIG")]
    [InlineData("the program to measure", "store", "--cyb", "nowhere")]
    public void Run_NotUnderstood_SaysWhatIsWrong(string expected, params string[] arguments)
    {
        var (code, _, errors) = Run([.. arguments.Select(a => a == "KUBECONFIG" ? server.KubeconfigPath : a)]);
        Assert.Equal(2, code);
        Assert.Contains(expected, errors);
    }

    [Fact]
    public void Help_Asked_NamesEveryScenarioAndOption()
    {
        var (code, output, _) = Run("help");
        Assert.Equal(0, code);
        Assert.All(["create", "watch", "pages", "ceiling", "--kubeconfig", "--watchers"], word => Assert.Contains(word, output));
    }

    private static (int Code, string Output, string Errors) Run(params string[] arguments)
    {
        var output = new StringWriter();
        var errors = new StringWriter();
        return (CommandLine.Run(arguments, output, errors), output.ToString(), errors.ToString());
    }
}
