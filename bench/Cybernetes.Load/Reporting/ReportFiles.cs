using System.Text.Encodings.Web;
using System.Text.Json;

namespace Cybernetes.Load.Reporting;

/// <summary>A report as files: JSON for programs, HTML for people.</summary>
internal static class ReportFiles
{
    private static readonly JsonSerializerOptions s_json = new()
    {
        // Points of charts are pairs, which are fields.
        IncludeFields = true,
        WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes where a path is given; <c>-</c> as the JSON's path is standard output.</summary>
    public static void Write(Report report, string jsonPath, string htmlPath, TextWriter output)
    {
        if (jsonPath == "-")
            output.WriteLine(Json(report));
        else if (jsonPath.Length > 0)
            File.WriteAllText(jsonPath, Json(report));
        if (htmlPath.Length == 0)
            return;
        File.WriteAllText(htmlPath, HtmlReport.Write(report));
        if (jsonPath != "-")
            output.WriteLine($"\nreport: {Path.GetFullPath(htmlPath)}");
    }

    public static string Json(Report report) => JsonSerializer.Serialize(report, s_json);
}
