using Cybernetes.Load.Reporting;
using Cybernetes.Load.Suites;

namespace Cybernetes.Load.Commands;

/// <summary><c>cyb-load store</c>: the suite behind <c>./dev bench store</c>.</summary>
internal static class StoreCommand
{
    private const int AskedPods = 150_000;

    public static string[] Options { get; } = ["cyb", "peer", "only", "seconds", "pods", "json", "html"];

    public static int Run(Arguments arguments, TextWriter output, TextWriter errors)
    {
        var program = arguments.Text("cyb", "");
        if (!File.Exists(program))
            throw new ArgumentsException($"--cyb '{program}': the program to measure is needed");
        var peer = arguments.Text("peer", "");
        foreach (var name in peer.Length > 0 ? new[] { "kube-apiserver", "etcd" } : [])
        {
            if (!File.Exists(Path.Combine(peer, name)))
                throw new ArgumentsException($"--peer '{peer}': there is no {name} in it");
        }
        string[] only = arguments.Text("only", "").Split(',', StringSplitOptions.RemoveEmptyEntries);
        if (only.Except(StoreSuiteOptions.StageNames).FirstOrDefault() is { } unknown)
            throw new ArgumentsException($"--only {unknown}: the stages are {string.Join(' ', StoreSuiteOptions.StageNames)}");
        var options = new StoreSuiteOptions(
            Path.GetFullPath(program), peer.Length > 0 ? Path.GetFullPath(peer) : "", only, arguments.Decimal("seconds", 5),
            arguments.Number("pods", AskedPods, 1000));
        var report = new StoreSuite(options, output, Console.IsErrorRedirected ? null : errors).Run();
        ReportTable.Write(report, output);
        ReportFiles.Write(report, arguments.Text("json", ""), arguments.Text("html", ""), output);
        return report.Subjects.All(s => s.Runs.All(r => r.Errors.Count == 0)) ? 0 : 1;
    }
}
