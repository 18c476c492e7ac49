using Cybernetes.Objects;

namespace Cybernetes.ApiServer.Registry;

/// <summary>The head of a table's column (<c>meta/v1 TableColumnDefinition</c>).</summary>
/// <param name="Name">Heading.</param>
/// <param name="Type">OpenAPI type: string, integer, number, boolean, date.</param>
/// <param name="Format">OpenAPI format; <c>name</c> marks the name column.</param>
/// <param name="Description">What the column shows.</param>
/// <param name="Priority">0 is always shown; above that only in wide output.</param>
public sealed record ColumnDefinition(string Name, string Type, string Format, string Description, int Priority);

/// <summary>A column of a kind's table.</summary>
/// <param name="Definition">Its head.</param>
/// <param name="Cell">The cell of one object: null, string, int, long, bool or double. The second argument is now.</param>
public sealed record Column<T>(ColumnDefinition Definition, Func<T, DateTimeOffset, object?> Cell) where T : class, IKubernetesObject
{
    /// <summary>A text column.</summary>
    public static Column<T> Text(string name, string description, Func<T, string> cell, int priority = 0) =>
        new(new(name, "string", "", description, priority), (o, _) => cell(o));

    /// <summary>A number column.</summary>
    public static Column<T> Number(string name, string description, Func<T, long> cell, int priority = 0) =>
        new(new(name, "integer", "", description, priority), (o, _) => cell(o));

    /// <summary>A column of how long ago something was: <c>5m</c>; <c>&lt;unknown&gt;</c> for null.</summary>
    public static Column<T> Since(string name, string description, Func<T, DateTimeOffset?> moment, int priority = 0) =>
        new(new(name, "string", "", description, priority), (o, now) => HumanDuration.Since(moment(o), now));

    /// <summary>The Name column.</summary>
    public static Column<T> Name { get; } = new(
        new("Name", "string", "name", "Name of the object, unique within its namespace and kind.", 0), (o, _) => o.Metadata.Name);

    /// <summary>The Age column.</summary>
    public static Column<T> Age { get; } = Since("Age", "How long ago the object was created.", o => o.Metadata.CreationTimestamp);

    /// <summary>The Created At column of kinds without columns of their own.</summary>
    public static Column<T> CreatedAt { get; } = new(
        new("Created At", "date", "", "When the object was created.", 0),
        (o, _) => o.Metadata.CreationTimestamp is { } t ? KubernetesTime.Format(t) : "<unknown>");
}

/// <summary>How Kubernetes' tables say durations (apimachinery <c>duration.HumanDuration</c>).</summary>
public static class HumanDuration
{
    /// <summary>How long ago a moment was.</summary>
    public static string Since(DateTimeOffset? moment, DateTimeOffset now) => moment is null ? "<unknown>" : Text(now - moment.Value);

    /// <summary>The text: two units at most, and one when the larger says enough.</summary>
    public static string Text(TimeSpan duration)
    {
        var seconds = (long)duration.TotalSeconds;
        if (seconds < -1)
            return "<invalid>";
        if (seconds < 0)
            return "0s";
        if (seconds < 60 * 2)
            return $"{seconds}s";
        var minutes = seconds / 60;
        if (minutes < 10)
            return Two(minutes, "m", seconds % 60, "s");
        if (minutes < 60 * 3)
            return $"{minutes}m";
        var hours = minutes / 60;
        if (hours < 8)
            return Two(hours, "h", minutes % 60, "m");
        if (hours < 48)
            return $"{hours}h";
        if (hours < 24 * 8)
            return Two(hours / 24, "d", hours % 24, "h");
        if (hours < 24 * 365 * 2)
            return $"{hours / 24}d";
        return hours < 24 * 365 * 8 ? Two(hours / 24 / 365, "y", hours / 24 % 365, "d") : $"{hours / 24 / 365}y";
    }

    private static string Two(long large, string largeUnit, long small, string smallUnit) =>
        small == 0 ? $"{large}{largeUnit}" : $"{large}{largeUnit}{small}{smallUnit}";
}
