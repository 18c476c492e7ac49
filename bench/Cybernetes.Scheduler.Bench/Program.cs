using System.Globalization;
using Cybernetes.Scheduler.Bench;

// Prints figures, asserts nothing: machines differ and are shared.
//   scheduler-bench [core|system] [--nodes N] [--pods N] [--only WORD] [--rehearsal N] [--peer FOLDER]
// Default: both, 5,000 nodes, 10,000 pods; WORD: of a workload's name.
// core: decisions alone, no API server. system: API server, store on disk, scheduler and creators in one process, from the first create to the last
// binding; then the same with the etcd, kube-apiserver and kube-scheduler of a folder.

string? Word(string flag) => Array.IndexOf(args, flag) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;
int Number(string flag, int absent) => Word(flag) is { } word ? int.Parse(word, CultureInfo.InvariantCulture) : absent;
var plan = new SystemPlan(Number("--nodes", 5000), Number("--pods", 10_000), Number("--rehearsal", 40_000), Word("--only"), Word("--peer"));
var what = args.FirstOrDefault(a => a is "core" or "system");
if (what is null or "core")
    CoreBench.Run(plan.Nodes, plan.Pods);
if (what is "core")
    return 0;
try
{
    await SystemBench.RunAsync(plan);
    return 0;
}
catch (IOException failure)
{
    // A program of the peer is not there, or ended; those that were started are ended by now.
    await Console.Error.WriteLineAsync($"error: {failure.Message}");
    return 1;
}
