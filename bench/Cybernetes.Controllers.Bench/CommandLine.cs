using Cybernetes.Client.Kubeconfig;
using Cybernetes.Client.Transport;
using Cybernetes.Load.Commands;
using Cybernetes.Load.Reporting;

namespace Cybernetes.Controllers.Bench;

/// <summary>What <c>./dev bench controllers</c> understands. Exit codes: 0 done, 1 could not do it, 2 did not understand.</summary>
internal static class CommandLine
{
    private static readonly string[] s_options =
        ["cyb", "only", "pods", "objects", "deployments", "seconds", "sizes", "events", "nodes", "no-clients", "keep", "json", "html"];

    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter errors)
    {
        try
        {
            var arguments = Arguments.Parse(args, s_options);
            var options = Read(arguments);
            var report = await new ControllersSuite(options, output, Console.IsErrorRedirected ? null : errors).RunAsync();
            ReportTable.Write(report, output);
            ReportFiles.Write(report, arguments.Text("json", ""), arguments.Text("html", ""), output);
            return 0;
        }
        catch (ArgumentsException failure)
        {
            errors.WriteLine("bench controllers: " + failure.Message);
            return 2;
        }
        catch (Exception failure) when (failure is IOException or KubeconfigException or ApiStatusException or HttpRequestException or TimeoutException)
        {
            errors.WriteLine("bench controllers: " + failure.Message);
            return 1;
        }
    }

    private static SuiteOptions Read(Arguments arguments)
    {
        var program = arguments.Text("cyb", "");
        if (!File.Exists(program))
            throw new ArgumentsException($"--cyb '{program}': the program to measure is needed");
        string[] only = arguments.Text("only", "").Split(',', StringSplitOptions.RemoveEmptyEntries);
        if (only.Except(ControllersSuite.StageNames).FirstOrDefault() is { } unknown)
            throw new ArgumentsException($"--only {unknown}: the stages are {string.Join(' ', ControllersSuite.StageNames)}");
        var sizes = arguments.Numbers("sizes");
        return new()
        {
            Program = Path.GetFullPath(program), Only = only, Pods = arguments.Number("pods", 10_000, 1), Objects = arguments.Number("objects", 10_000, 20),
            Deployments = arguments.Number("deployments", 5000, 1), SteadySeconds = arguments.Number("seconds", 60, 1),
            Sizes = sizes.Count > 0 ? sizes : [1000, 10_000, 100_000], Events = arguments.Number("events", 200, 1), Nodes = arguments.Number("nodes", 130, 1),
            WithClients = !arguments.Flag("no-clients"), Keep = arguments.Flag("keep"),
        };
    }
}
