using System.Globalization;

namespace Cybernetes.Load.Measuring;

/// <summary>What processes have used: processor time and memory now, from /proc. A process that is gone, and another system, count as nothing.</summary>
internal sealed record ProcessUsage(double CpuSeconds, long ResidentBytes, long PeakResidentBytes)
{
    private const double TicksPerSecond = 100; // USER_HZ, the same on every Linux

    public static ProcessUsage Of(IEnumerable<int> processIds)
    {
        var sum = new ProcessUsage(0, 0, 0);
        foreach (var id in processIds)
        {
            var one = Read(id);
            sum = new(sum.CpuSeconds + one.CpuSeconds, sum.ResidentBytes + one.ResidentBytes, sum.PeakResidentBytes + one.PeakResidentBytes);
        }
        return sum;
    }

    private static ProcessUsage Read(int id)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            // The name in parentheses may hold blanks: fields are counted from behind it. utime is field 14, stime 15.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            var ticks = long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
            var status = File.ReadAllLines($"/proc/{id}/status");
            return new(ticks / TicksPerSecond, Kibibytes(status, "VmRSS:"), Kibibytes(status, "VmHWM:"));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return new(0, 0, 0);
        }
    }

    private static long Kibibytes(string[] status, string field)
    {
        var line = status.FirstOrDefault(l => l.StartsWith(field, StringComparison.Ordinal));
        return line is null ? 0 : 1024 * long.Parse(line[field.Length..^2].Trim(), CultureInfo.InvariantCulture);
    }
}
