using System.Runtime.CompilerServices;

namespace Cybernetes.EndToEnd.Tests.Harness;

/// <summary>A test that starts nodes: needs root on Linux, and is skipped elsewhere.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ClusterFactAttribute : FactAttribute
{
    public ClusterFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line)
    {
        Skip = "needs root on Linux";
        SkipType = typeof(Machine);
        SkipUnless = nameof(Machine.CanRunNodes);
    }
}

/// <summary>As <see cref="ClusterFactAttribute"/>, with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ClusterTheoryAttribute : TheoryAttribute
{
    public ClusterTheoryAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line)
    {
        Skip = "needs root on Linux";
        SkipType = typeof(Machine);
        SkipUnless = nameof(Machine.CanRunNodes);
    }
}
