using System.Globalization;
using System.Text;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Events;

/// <summary>Events: stored as core/v1, served as events.k8s.io/v1 too.</summary>
internal sealed class EventKind(TimeSpan? timeToLive = null) : KindDefinition<Event>
{
    /// <summary><c>--event-ttl</c>; upstream's hour by default.</summary>
    public override TimeSpan TimeToLive { get; } = timeToLive ?? TimeSpan.FromHours(1);

    private const int MaximumWordBytes = 128;
    private const int MaximumNoteBytes = 1024;

    public override IReadOnlyList<string> ShortNames => ["ev"];

    public override bool AllowCreateOnUpdate => true;

    public override IReadOnlyList<SelectableField> SelectableFields { get; } =
    [
        new("involvedObject.kind"),
        new("involvedObject.namespace"),
        new("involvedObject.name"),
        new("involvedObject.uid"),
        new("involvedObject.apiVersion"),
        new("involvedObject.resourceVersion"),
        new("involvedObject.fieldPath"),
        new("reason"),
        new("reportingComponent"),
        new("source", path: "source.component"),
        new("type"),
        // The same fields as events.k8s.io/v1 calls them.
        new("regarding.kind", path: "involvedObject.kind"),
        new("regarding.namespace", path: "involvedObject.namespace"),
        new("regarding.name", path: "involvedObject.name"),
        new("regarding.uid", path: "involvedObject.uid"),
        new("regarding.apiVersion", path: "involvedObject.apiVersion"),
        new("regarding.resourceVersion", path: "involvedObject.resourceVersion"),
        new("regarding.fieldPath", path: "involvedObject.fieldPath"),
        new("reportingController", path: "reportingComponent"),
    ];

    public override IReadOnlyList<Column<Event>> Columns { get; } =
    [
        Column<Event>.Since("Last Seen", "How long ago it last happened.", LastSeen),
        Column<Event>.Text("Type", "Normal or Warning.", e => e.Type),
        Column<Event>.Text("Reason", "Why it happened, in a word.", e => e.Reason),
        Column<Event>.Text("Object", "What it happened to.", ObjectText),
        Column<Event>.Text("Subobject", "The part it happened to.", e => e.InvolvedObject.FieldPath, 1),
        Column<Event>.Text("Source", "Who says so.", SourceText, 1),
        Column<Event>.Text("Message", "What happened.", e => e.Message.Trim()),
        Column<Event>.Since("First Seen", "How long ago it first happened.", FirstSeen, 1),
        Column<Event>.Number("Count", "How often it happened.", Count, 1),
        new(new("Name", "string", "name", "Name of the event.", 1), (e, _) => e.Metadata.Name),
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new ConvertedVersion<Objects.Events.V1.Event, Event>(EventConversion.ToStored, EventConversion.FromStored),
        new ConvertedVersion<Objects.Events.V1.Event, Event>(EventConversion.ToStored, EventConversion.FromStored, "v1beta1")
        {
            IsOlder = true, DeprecationWarning = "events.k8s.io/v1beta1 Event is deprecated in v1.22+, unavailable in v1.25+; use events.k8s.io/v1 Event",
        },
    ];

    protected override void Validate(Event obj, FieldErrorList errors)
    {
        var space = obj.InvolvedObject.Namespace;
        var path = FieldPath.Of("involvedObject", "namespace");
        const string Mismatch = "does not match event.namespace";
        if (obj.EventTime is null)
        {
            var fits = space.Length == 0 ? obj.Metadata.Namespace is "" or "default" : space == obj.Metadata.Namespace;
            if (!fits)
                errors.Invalid(path, space, Mismatch);
            return;
        }
        if (space.Length == 0 && obj.Metadata.Namespace is not ("default" or "kube-system"))
            errors.Invalid(path, space, Mismatch);
        if (obj.ReportingController.Length == 0)
            errors.Required(FieldPath.Of("reportingController"));
        errors.AddInvalid(FieldPath.Of("reportingController"), obj.ReportingController, Names.QualifiedName(obj.ReportingController));
        Word(obj.ReportingInstance, "reportingInstance", errors);
        Word(obj.Action, "action", errors);
        Word(obj.Reason, "reason", errors);
        if (Encoding.UTF8.GetByteCount(obj.Message) > MaximumNoteBytes)
            errors.Invalid(FieldPath.Of("message"), "", $"can have at most {MaximumNoteBytes} characters");
    }

    private static void Word(string word, string field, FieldErrorList errors)
    {
        if (word.Length == 0)
            errors.Required(FieldPath.Of(field));
        if (Encoding.UTF8.GetByteCount(word) > MaximumWordBytes)
            errors.Invalid(FieldPath.Of(field), "", $"can have at most {MaximumWordBytes} characters");
    }

    private static DateTimeOffset? FirstSeen(Event e) => e.FirstTimestamp ?? e.EventTime;

    private static DateTimeOffset? LastSeen(Event e) => e.Series is { } series ? series.LastObservedTime : e.LastTimestamp ?? FirstSeen(e);

    private static long Count(Event e) => e.Series?.Count ?? (e.Count == 0 ? 1 : e.Count);

    private static string ObjectText(Event e)
    {
        var kind = e.InvolvedObject.Kind.ToLower(CultureInfo.InvariantCulture);
        return e.InvolvedObject.Name.Length > 0 ? $"{kind}/{e.InvolvedObject.Name}" : kind;
    }

    private static string SourceText(Event e)
    {
        var component = e.Source.Component.Length > 0 ? e.Source.Component : e.ReportingController;
        var host = e.Source.Host.Length > 0 ? e.Source.Host : e.ReportingInstance;
        return host.Length > 0 ? $"{component}, {host}" : component;
    }
}
