using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Cybernetes.Node.Server.Logs;

/// <summary>What of a container's log to give: v1 PodLogOptions without those that choose the container.</summary>
/// <param name="TailLines">Only so many lines from the end; null for all.</param>
/// <param name="LimitBytes">At most so many bytes of answer; null for no limit.</param>
/// <param name="Stdout">With stderr: which stream (PodLogOptions.stream).</param>
internal sealed record ContainerLogOptions(
    bool Follow = false,
    bool Previous = false,
    bool Timestamps = false,
    DateTimeOffset? Since = null,
    long? TailLines = null,
    long? LimitBytes = null,
    bool Stdout = true,
    bool Stderr = true)
{
    /// <exception cref="KubeletRequestException">400 or 422 with upstream's texts.</exception>
    public static ContainerLogOptions Parse(IQueryCollection query, DateTimeOffset now)
    {
        var sinceSeconds = Whole(query, "sinceSeconds");
        var sinceTime = Time(query, "sinceTime");
        var tailLines = Whole(query, "tailLines");
        var limitBytes = Whole(query, "limitBytes");
        var stream = query["stream"].ToString();
        var isValid = sinceSeconds is null or >= 1 && tailLines is null or >= 0 && limitBytes is null or >= 1
            && (sinceSeconds is null || sinceTime is null) && stream is "" or "All" or "Stdout" or "Stderr";
        if (!isValid)
            throw new KubeletRequestException(StatusCodes.Status422UnprocessableEntity, """{"message": "Invalid request."}""");
        return new ContainerLogOptions(
            Flag(query, "follow"),
            Flag(query, "previous"),
            Flag(query, "timestamps"),
            sinceSeconds is { } seconds ? now - TimeSpan.FromSeconds(Math.Min(seconds, int.MaxValue)) : sinceTime,
            tailLines,
            limitBytes,
            Stdout: stream != "Stderr",
            Stderr: stream != "Stdout");
    }

    private static bool Flag(IQueryCollection query, string name) =>
        query.TryGetValue(name, out var values) && values.ToString() switch
        {
            "" or "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
            "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
            _ => throw Undecodable(),
        };

    private static long? Whole(IQueryCollection query, string name)
    {
        if (query[name].ToString() is not { Length: > 0 } text)
            return null;
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw Undecodable();
    }

    private static DateTimeOffset? Time(IQueryCollection query, string name)
    {
        if (query[name].ToString() is not { Length: > 0 } text)
            return null;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var value)
            ? value
            : throw Undecodable();
    }

    private static KubeletRequestException Undecodable() =>
        new(StatusCodes.Status400BadRequest, """{"message": "Unable to decode query."}""");
}
