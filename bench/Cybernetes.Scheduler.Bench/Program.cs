using System.Globalization;
using Cybernetes.Scheduler.Bench;

// Prints figures, asserts nothing: machines differ and are shared.
//   scheduler-bench [core|system] [--nodes N] [--pods N] [--only WORD]     default: both, 5,000 nodes, 10,000 pods; WORD: of a workload's name
// core: decisions alone, no API server. system: API server, store in memory, scheduler and creators in one process, from the first create to the
// last binding.

int Number(string flag, int absent) => Array.IndexOf(args, flag) is >= 0 and var at ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : absent;
var nodes = Number("--nodes", 5000);
var pods = Number("--pods", 10_000);
var what = args.FirstOrDefault(a => a is "core" or "system");
if (what is null or "core")
    CoreBench.Run(nodes, pods);
if (what is null or "system")
    await SystemBench.RunAsync(nodes, pods, Array.IndexOf(args, "--only") is >= 0 and var at ? args[at + 1] : null);
