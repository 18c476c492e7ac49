using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;

namespace Cybernetes.ApiServer.Server;

/// <summary>GET /version: the Kubernetes version whose API this is, with our own build as build metadata.</summary>
internal sealed class VersionPath : IPathHandler
{
    /// <summary>The minor version of Kubernetes that is spoken.</summary>
    public const string Minor = "36";

    private static readonly byte[] Body = MakeBody();

    /// <summary>Semantic version with our build behind the plus.</summary>
    public static string GitVersion { get; } = $"v1.{Minor}.0+cybernetes.{OwnVersion()}";

    public bool Serves(string path) => path is "/version" or "/version/";

    public Task HandleAsync(ApiRequest request) => request.Info.Verb is "get" or "head"
        ? Answers.WriteAsync(request, 200, new(MediaFormat.Json), Body)
        : throw Failure.MethodNotAllowed();

    private static string OwnVersion() => typeof(VersionPath).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    private static byte[] MakeBody()
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, Encoder = JsonText.WriterOptions.Encoder }))
        {
            var revision = typeof(VersionPath).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
            var plus = revision.IndexOf('+');
            writer.WriteStartObject();
            writer.WriteString("major", "1");
            writer.WriteString("minor", Minor);
            writer.WriteString("emulationMajor", "1");
            writer.WriteString("emulationMinor", Minor);
            writer.WriteString("minCompatibilityMajor", "1");
            writer.WriteString("minCompatibilityMinor", "35");
            writer.WriteString("gitVersion", $"v1.{Minor}.0+cybernetes.{OwnVersion()}");
            writer.WriteString("gitCommit", plus < 0 ? "" : revision[(plus + 1)..]);
            writer.WriteString("gitTreeState", "clean");
            writer.WriteString("buildDate", "1970-01-01T00:00:00Z"); // builds are repeatable: no clock goes into them
            writer.WriteString("goVersion", RuntimeInformation.FrameworkDescription);
            writer.WriteString("compiler", "roslyn");
            writer.WriteString("platform", $"{Platform()}/{Architecture()}");
            writer.WriteEndObject();
        }
        return stream.ToArray();
    }

    private static string Platform() => OperatingSystem.IsLinux() ? "linux" : OperatingSystem.IsMacOS() ? "darwin" : "windows";

    private static string Architecture() => RuntimeInformation.ProcessArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        var other => other.ToString().ToLowerInvariant(),
    };
}
