using System.Text.RegularExpressions;
using Cybernetes.Objects;
using Cybernetes.Objects.Coordination.V1beta1;

namespace Cybernetes.ApiServer.Registry.Coordination;

/// <summary>Who would like to lead, for coordinated leader election (beta, gate CoordinatedLeaderElection).</summary>
internal sealed partial class LeaseCandidateKind : KindDefinition<LeaseCandidate>
{
    private const string VersionForm = "must be a valid semantic version";

    public override string FeatureGate => "CoordinatedLeaderElection";

    public override bool AllowUnconditionalUpdate => false;

    public override IReadOnlyList<Column<LeaseCandidate>> Columns { get; } =
    [
        Column<LeaseCandidate>.Name,
        Column<LeaseCandidate>.Text("LeaseName", "The lease it stands for.", c => c.Spec.LeaseName),
        Column<LeaseCandidate>.Text("BinaryVersion", "Version of the candidate.", c => c.Spec.BinaryVersion),
        Column<LeaseCandidate>.Text("EmulationVersion", "Version that the candidate behaves as.", c => c.Spec.EmulationVersion),
        Column<LeaseCandidate>.Text("Strategy", "How the leader is chosen.", c => c.Spec.Strategy),
        Column<LeaseCandidate>.Age,
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } = [new RenamedVersion<LeaseCandidate>("v1alpha2")];

    protected override void Validate(LeaseCandidate obj, FieldErrorList errors)
    {
        var path = FieldPath.Of("spec");
        var spec = obj.Spec;
        if (spec.LeaseName.Length == 0)
            errors.Required(path.Child("leaseName"));
        if (spec.Strategy.Length == 0)
            errors.Required(path.Child("strategy"));
        else if (!spec.Strategy.Contains('/') && spec.Strategy != "OldestEmulationVersion")
            errors.NotSupported(path.Child("strategy"), spec.Strategy, "OldestEmulationVersion");
        else if (spec.Strategy.Contains('/'))
            errors.InvalidChild(path, "strategy", spec.Strategy, Names.QualifiedName(spec.Strategy));
        var binary = VersionOf(spec.BinaryVersion, path.Child("binaryVersion"), errors);
        if (spec.Strategy == "OldestEmulationVersion" && spec.EmulationVersion.Length == 0)
            errors.Required(path.Child("emulationVersion"), "must be specified when `strategy` is 'OldestEmulationVersion'");
        if (spec.EmulationVersion.Length == 0)
            return;
        var emulation = VersionOf(spec.EmulationVersion, path.Child("emulationVersion"), errors);
        if (binary is not null && emulation is not null && binary < emulation)
            errors.Invalid(path.Child("binaryVersion"), spec.BinaryVersion, "must be greater than or equal to `emulationVersion`");
    }

    protected override void ValidateUpdate(LeaseCandidate obj, LeaseCandidate old, FieldErrorList errors) =>
        FieldChecks.Immutable(obj.Spec.LeaseName, old.Spec.LeaseName, FieldPath.Of("spec", "leaseName"), errors);

    private static System.Version? VersionOf(string text, FieldPath path, FieldErrorList errors)
    {
        if (text.Length == 0)
        {
            errors.Required(path);
            return null;
        }
        if (Semantic().Match(text) is { Success: true } match && System.Version.TryParse(match.Groups[1].Value, out var version))
            return version;
        errors.Invalid(path, text, VersionForm);
        return null;
    }

    [GeneratedRegex(@"^v?([0-9]+\.[0-9]+\.[0-9]+)(?:[-+][0-9A-Za-z.+-]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Semantic();
}
