using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Cybernetes.Client.Kubeconfig;
using Cybernetes.Load.Connections;
using Cybernetes.Load.Driving;
using Cybernetes.Load.Measuring;
using Cybernetes.Load.Requests;

namespace Cybernetes.Load.Ceiling;

/// <summary>Starts the empty server as a child process and drives it as an API server is driven.</summary>
internal sealed class CeilingRun : IDisposable
{
    private readonly Process _server;

    private CeilingRun(Process server, Endpoint endpoint) => (_server, Endpoint) = (server, endpoint);

    public Endpoint Endpoint { get; }

    /// <exception cref="IOException">It did not start.</exception>
    public static CeilingRun Start(bool http2)
    {
        // Beside this assembly, so that tests, whose process is another, find it too.
        var own = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "cyb-load.exe" : "cyb-load");
        var server = Process.Start(new ProcessStartInfo(own, [CeilingServer.Verb]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        var words = (server.StandardOutput.ReadLine() ?? "").Split(' ');
        if (words.Length != 2)
        {
            server.WaitForExit();
            server.Dispose();
            throw new IOException("the empty server did not start");
        }
        var access = new ClusterAccess
        {
            Server = new Uri($"https://127.0.0.1:{int.Parse(words[0], CultureInfo.InvariantCulture)}"),
            Authorities = [X509CertificateLoader.LoadCertificate(Convert.FromBase64String(words[1]))],
        };
        return new(server, Endpoint.Of(access, http2));
    }

    public RunResult Post(int clients, double seconds, double warmUp, TextWriter? progress) =>
        Run("post", $"post, {clients} clients", "POST", "/x", clients, seconds, warmUp, progress);

    public RunResult Get(int clients, double seconds, double warmUp, TextWriter? progress) =>
        Run("get", $"get, {clients} clients", "GET", "/x", clients, seconds, warmUp, progress);

    public RunResult Body(int clients, double seconds, double warmUp, TextWriter? progress) =>
        Run("body", $"body of 24 MB, {clients} clients", "GET", CeilingServer.BodyPath, clients, seconds, warmUp, progress);

    public void Dispose()
    {
        _server.StandardInput.Close();
        if (!_server.WaitForExit(TimeSpan.FromSeconds(10)))
            _server.Kill();
        _server.Dispose();
    }

    private RunResult Run(string name, string label, string method, string path, int clients, double seconds, double warmUp, TextWriter? progress)
    {
        var settings = new LoadSettings
        {
            Endpoint = Endpoint, Scenario = name, Label = label, Clients = clients, Seconds = seconds, WarmUpSeconds = warmUp, ProcessIds = [_server.Id],
        };
        var body = method == "POST" ? ObjectBody.Of("configmaps", "load-", 0).Whole("load") : "";
        var draft = settings.Draft(method, path, body);
        return new LoadRun(settings, progress, _ => new(new SimpleOperation(name, Exchange.Render(Endpoint, draft), n => n, 1))).Run();
    }
}
