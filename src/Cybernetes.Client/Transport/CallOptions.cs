using System.Globalization;
using System.Text;

namespace Cybernetes.Client.Transport;

/// <summary>
/// What a list, a watch or a deletecollection is narrowed to (meta/v1 ListOptions). Null and 0 leave a parameter out.
/// </summary>
public sealed record ListQuery
{
    public string? LabelSelector { get; init; }
    public string? FieldSelector { get; init; }

    /// <summary>
    /// Null: the newest state. "0": any state the server has at hand. Else: as <see cref="ResourceVersionMatch"/> says.
    /// </summary>
    public string? ResourceVersion { get; init; }

    /// <summary>Exact or NotOlderThan.</summary>
    public string? ResourceVersionMatch { get; init; }

    /// <summary>The most items a page may have; 0 asks for all.</summary>
    public int Limit { get; init; }

    /// <summary>The token that the page before gave.</summary>
    public string? Continue { get; init; }

    /// <summary>When the server ends the watch, in seconds.</summary>
    public int TimeoutSeconds { get; init; }

    /// <summary>Whether a watch is told now and then how far it has come.</summary>
    public bool AllowWatchBookmarks { get; init; }

    internal string ToQuery(bool watch)
    {
        var query = new QueryText();
        query.Add("labelSelector", LabelSelector);
        query.Add("fieldSelector", FieldSelector);
        query.Add("resourceVersion", ResourceVersion);
        query.Add("resourceVersionMatch", ResourceVersionMatch);
        query.Add("limit", Limit);
        query.Add("continue", Continue);
        query.Add("timeoutSeconds", TimeoutSeconds);
        query.Add("allowWatchBookmarks", AllowWatchBookmarks);
        query.Add("watch", watch);
        return query.ToString();
    }
}

/// <summary>How a write is made (meta/v1 CreateOptions, UpdateOptions, PatchOptions). Null leaves a parameter out.</summary>
public sealed record WriteOptions
{
    /// <summary>Everything is checked and answered, nothing is kept.</summary>
    public bool DryRun { get; init; }

    /// <summary>Who manages the fields written; an apply patch must name it.</summary>
    public string? FieldManager { get; init; }

    /// <summary>Strict, Warn or Ignore.</summary>
    public string? FieldValidation { get; init; }

    /// <summary>An apply patch takes over fields that others manage.</summary>
    public bool Force { get; init; }

    internal string ToQuery()
    {
        var query = new QueryText();
        query.Add("dryRun", DryRun ? "All" : null);
        query.Add("fieldManager", FieldManager);
        query.Add("fieldValidation", FieldValidation);
        query.Add("force", Force);
        return query.ToString();
    }
}

/// <summary>What is read of a container's log (core/v1 PodLogOptions). Null and false leave a parameter out.</summary>
public sealed record PodLogQuery
{
    public string? Container { get; init; }
    public bool Follow { get; init; }
    public bool Previous { get; init; }
    public bool Timestamps { get; init; }
    public int? SinceSeconds { get; init; }
    public int? TailLines { get; init; }
    public int? LimitBytes { get; init; }

    internal string ToQuery()
    {
        var query = new QueryText();
        query.Add("container", Container);
        query.Add("follow", Follow);
        query.Add("previous", Previous);
        query.Add("timestamps", Timestamps);
        query.Add("sinceSeconds", SinceSeconds?.ToString(CultureInfo.InvariantCulture));
        query.Add("tailLines", TailLines?.ToString(CultureInfo.InvariantCulture));
        query.Add("limitBytes", LimitBytes?.ToString(CultureInfo.InvariantCulture));
        return query.ToString();
    }
}

/// <summary>A query string under construction: <c>?a=1&amp;b=2</c>, or nothing.</summary>
internal struct QueryText()
{
    private StringBuilder? _text;

    public void Add(string name, string? value)
    {
        if (value is null)
            return;
        _text ??= new StringBuilder();
        _text.Append(_text.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
    }

    public void Add(string name, int value)
    {
        if (value > 0)
            Add(name, value.ToString(CultureInfo.InvariantCulture));
    }

    public void Add(string name, bool value)
    {
        if (value)
            Add(name, "true");
    }

    public override readonly string ToString() => _text?.ToString() ?? "";
}
