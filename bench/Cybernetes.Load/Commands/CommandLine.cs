using Cybernetes.Client.Kubeconfig;
using Cybernetes.Load.Ceiling;
using Cybernetes.Load.Driving;

namespace Cybernetes.Load.Commands;

/// <summary>A word after <c>cyb-load</c>.</summary>
internal sealed record LoadVerb(string Name, string Summary, string[] Options, Func<Arguments, TextWriter, TextWriter, int> Run);

/// <summary>What <c>cyb-load</c> understands. Exit codes: 0 done, 1 could not do it or met errors, 2 did not understand.</summary>
internal static class CommandLine
{
    public static int Run(string[] args, TextWriter output, TextWriter errors)
    {
        var verbs = Verbs();
        if (args.Length == 0 || args[0] is "help" or "-h" or "--help")
        {
            Help(output, verbs);
            return 0;
        }
        var verb = verbs.FirstOrDefault(v => v.Name == args[0]);
        try
        {
            if (verb is null)
                throw new ArgumentsException($"there is no command '{args[0]}'; they are listed by: cyb-load help");
            return verb.Run(Arguments.Parse(args[1..], verb.Options), output, errors);
        }
        catch (ArgumentsException failure)
        {
            errors.WriteLine("cyb-load: " + failure.Message);
            return 2;
        }
        catch (Exception failure) when (failure is IOException or KubeconfigException or ArgumentException or NotSupportedException)
        {
            errors.WriteLine("cyb-load: " + failure.Message);
            return 1;
        }
    }

    private static List<LoadVerb> Verbs() =>
    [
        .. Scenarios.All.Select(s => new LoadVerb(s.Name, s.Summary, ScenarioCommand.Options, (a, o, e) => ScenarioCommand.Run(s.Name, a, o, e))),
        new("ceiling", "an empty HTTPS server under the same load: what this machine gives at most", CeilingCommand.Options, CeilingCommand.Run),
        new("store", "starts cyb, and a peer if there is one, and runs all that ./dev bench store measures", StoreCommand.Options, StoreCommand.Run),
        new(CeilingServer.Verb, "the server of 'ceiling', which starts it", [], (_, o, _) => CeilingServer.Run(Console.In, o)),
    ];

    private static void Help(TextWriter output, List<LoadVerb> verbs)
    {
        output.WriteLine("cyb-load: puts load on a Kubernetes API server and measures it.\n\n  cyb-load SCENARIO [--option value …]\n");
        foreach (var verb in verbs)
            output.WriteLine($"  {verb.Name,-10} {verb.Summary}");
        output.WriteLine("\nOptions of the scenarios");
        foreach (var (name, value, about) in ScenarioCommand.Described)
            output.WriteLine($"  {$"--{name} {value}",-26} {about}");
        output.WriteLine("""

            Examples
              cyb-load create --kubeconfig admin.conf --clients 64 --seconds 10 --pid $(pidof kube-apiserver),$(pidof etcd)
              cyb-load list --objects 17500 --clients 4 --html report.html
              cyb-load watch --watchers 200 --clients 4 --rate 500
            """);
    }
}
