using System.Globalization;
using Cybernetes.Testing.Bench;

// Prints figures, asserts nothing: machines differ and are shared.
//   testing-bench testing [--clusters N] [--only STAGES]      test clusters: stages start (first and further), day, whole-day (of cron jobs, virtual time),
//                                                            whole (starts and ends of whole clusters only: for profiles)
//   testing-bench fleet --cyb PROGRAM [--nodes N] [--pods N]  simulated nodes and pods, beside an API server of another process
string Text(string flag, string absent) => Array.IndexOf(args, flag) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : absent;
int Number(string flag, int absent) => int.Parse(Text(flag, absent.ToString(CultureInfo.InvariantCulture)), CultureInfo.InvariantCulture);

switch (args.FirstOrDefault())
{
    case "fleet":
        await FleetBench.RunAsync(Text("--cyb", "out/cyb"), Number("--nodes", 5000), Number("--pods", 150_000), Number("--idle", 30));
        break;
    default:
        await ClusterBench.RunAsync(Number("--clusters", 20), Text("--only", "start,day,whole-day").Split(','));
        break;
}
