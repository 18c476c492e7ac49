using System.Globalization;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.Objects;

namespace Cybernetes.ApiServer.Registry;

/// <summary>The query of a list or watch (<c>meta/v1 ListOptions</c>), read and checked.</summary>
internal sealed class ListOptions
{
    /// <summary>Selects what is listed.</summary>
    public required ObjectFilter Filter { get; init; }

    /// <summary>Revision asked for; null when the query has none.</summary>
    public long? ResourceVersion { get; init; }

    /// <summary>Exact, NotOlderThan or empty.</summary>
    public string ResourceVersionMatch { get; init; } = "";

    /// <summary>Most items of a page; 0 for all.</summary>
    public int Limit { get; init; }

    /// <summary>Where the next page begins; empty for the first.</summary>
    public string Continue { get; init; } = "";

    /// <summary>How long a watch lasts; null for the server's choice.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Whether a watch gets bookmarks.</summary>
    public bool AllowBookmarks { get; init; }

    /// <summary>Whether a watch begins with the state; null leaves it to the revision.</summary>
    public bool? SendInitialEvents { get; init; }

    /// <summary>Reads the query.</summary>
    /// <exception cref="RequestFailure">400 or 422, as upstream.</exception>
    public static ListOptions Read(ApiRequest request, bool watch)
    {
        if (LabelMatcher.TryParse(request.Query("labelSelector"), out var labels) is { } labelError)
            throw Failure.BadRequest(labelError);
        if (FieldMatcher.TryParse(request.Query("fieldSelector"), out var fields) is { } fieldError)
            throw Failure.BadRequest(fieldError);
        var info = request.Info;
        if (info.Name.Length > 0 && !fields.IsEmpty && fields.ExactValue("metadata.name") != info.Name)
            throw Failure.BadRequest("fieldSelector metadata.name doesn't match requested name");
        // A name in the path (the old watch form) or pinned by the selector restricts the same way.
        var options = new ListOptions
        {
            Filter = new(request.Kind, request.Kind.Namespaced ? info.Namespace : "", info.Name, labels, fields),
            ResourceVersion = ReadRevision(request.Query("resourceVersion")),
            ResourceVersionMatch = request.Query("resourceVersionMatch"),
            // Any state will do for revision 0: as upstream's cache, which knows no pages, all of it is answered.
            Limit = request.Query("resourceVersion") == "0" ? 0 : (int)Math.Clamp(ReadNumber(request, "limit") ?? 0, 0, int.MaxValue),
            Continue = request.Query("continue"),
            Timeout = ReadNumber(request, "timeoutSeconds") is > 0 and var seconds ? TimeSpan.FromSeconds(Math.Min(seconds, 86_400)) : null,
            AllowBookmarks = request.QueryFlag("allowWatchBookmarks"),
            SendInitialEvents = request.Query("sendInitialEvents").Length > 0 ? request.QueryFlag("sendInitialEvents") : null,
        };
        var errors = new FieldErrorList();
        if (watch)
            options.CheckWatch(errors);
        else
            options.CheckList(errors);
        return errors.Count == 0 ? options : throw Failure.Invalid("meta.k8s.io", "ListOptions", "", errors);
    }

    /// <summary>A revision from text; null for none.</summary>
    public static long? ReadRevision(string text)
    {
        if (text.Length == 0)
            return null;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var revision))
            return revision;
        var errors = new FieldErrorList();
        errors.Add(FieldError.Invalid(FieldPath.Of("resourceVersion"), text, $"strconv.ParseUint: parsing {JsonText.Quote(text)}: invalid syntax"));
        throw Failure.Invalid("meta.k8s.io", "ListOptions", "", errors);
    }

    private static long? ReadNumber(ApiRequest request, string name)
    {
        var text = request.Query(name);
        if (text.Length == 0)
            return null;
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Failure.BadRequest($"strconv.ParseInt: parsing {JsonText.Quote(text)}: invalid syntax");
    }

    private void CheckList(FieldErrorList errors)
    {
        var path = FieldPath.Of("resourceVersionMatch");
        if (ResourceVersionMatch.Length > 0)
        {
            if (ResourceVersion is null)
                errors.Add(FieldError.Forbidden(path, "resourceVersionMatch is forbidden unless resourceVersion is provided"));
            if (Continue.Length > 0)
                errors.Add(FieldError.Forbidden(path, "resourceVersionMatch is forbidden when continue is provided"));
            if (ResourceVersionMatch is not ("Exact" or "NotOlderThan"))
                errors.Add(FieldError.NotSupported(path, ResourceVersionMatch, "Exact", "NotOlderThan", ""));
            if (ResourceVersionMatch == "Exact" && ResourceVersion == 0)
                errors.Add(FieldError.Forbidden(path, "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""));
        }
        if (SendInitialEvents is not null)
            errors.Add(FieldError.Forbidden(FieldPath.Of("sendInitialEvents"), "sendInitialEvents is forbidden for list"));
    }

    private void CheckWatch(FieldErrorList errors)
    {
        var path = FieldPath.Of("resourceVersionMatch");
        if (SendInitialEvents is not null && ResourceVersionMatch != "NotOlderThan")
            errors.Add(FieldError.Forbidden(path, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
        if (ResourceVersionMatch.Length == 0)
            return;
        if (SendInitialEvents is null)
            errors.Add(FieldError.Forbidden(path, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"));
        if (ResourceVersionMatch != "NotOlderThan")
            errors.Add(FieldError.NotSupported(path, ResourceVersionMatch, "NotOlderThan"));
        if (Continue.Length > 0)
            errors.Add(FieldError.Forbidden(path, "resourceVersionMatch is forbidden when continue is provided"));
    }
}
