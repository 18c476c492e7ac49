namespace Cybernetes.Load.Reporting;

internal static class HtmlReport
{
    public static string Write(Report report) => "<!doctype html><title>" + report.Title + "</title>";
}
