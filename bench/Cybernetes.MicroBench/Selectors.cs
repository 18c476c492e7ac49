using BenchmarkDotNet.Attributes;
using Cybernetes.Objects;

namespace Cybernetes.MicroBench;

/// <summary>Selectors as lists and watches use them: parsed once, matched for each object.</summary>
public class Selectors
{
    private const string Text = "app=web,tier in (frontend,backend),!canary,release!=old";

    private readonly LabelMatcher _labels = LabelMatcher.Parse(Text);
    private readonly FieldMatcher _fields = FieldMatcher.Equal("spec.nodeName", "node-7");
    private readonly string[] _pairs = ["app", "web", "pod-template-hash", "5d4f8", "release", "new", "tier", "backend"];

    [Benchmark]
    public LabelMatcher ParseLabels() => LabelMatcher.Parse(Text);

    [Benchmark]
    public bool MatchLabels() => _labels.MatchesPairs(_pairs);

    [Benchmark]
    public bool MatchField() => _fields.Matches(static field => field == "spec.nodeName" ? "node-7" : null);
}
