namespace Cybernetes.Load.Suites;

/// <summary><c>cyb apiserver</c> with the embedded engine: data on disk, every write synced.</summary>
internal sealed class CybServer(string program, string folder) : ServerUnderTest(folder)
{
    private readonly int _port = FreePort();

    public override string Name => "cyb";

    protected override string KubeconfigPath => Path.Combine(Folder, "data", "admin.conf");

    protected override void Launch() => Launch(
        program, "apiserver", "--data-dir", Path.Combine(Folder, "data"), "--bind-address", "127.0.0.1", "--secure-port", $"{_port}",
        // Pods need a service account in their namespace, which controllers make; here there are none.
        "--disable-admission-plugins", "ServiceAccount");
}
