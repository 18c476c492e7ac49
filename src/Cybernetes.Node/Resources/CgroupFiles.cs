namespace Cybernetes.Node.Resources;

/// <summary>The few file operations that cgroups take; a test has its own.</summary>
internal interface ICgroupFiles
{
    /// <summary>Makes the directory, its parents too. Idempotent.</summary>
    void MakeDirectory(string path);

    /// <summary>False when it is in use (processes or children in it). True also when it was not there.</summary>
    bool TryRemoveDirectory(string path);

    /// <summary>Names of the sub-directories; empty when the directory is not there.</summary>
    IReadOnlyList<string> Directories(string path);

    /// <summary>Null when there is no such file.</summary>
    string? Read(string path);

    /// <summary>Writes to a file that is there.</summary>
    /// <exception cref="IOException">The kernel refused it; the message names the file and the value.</exception>
    void Write(string path, string value);
}

/// <summary>The kernel's own cgroup file systems.</summary>
internal sealed class KernelCgroupFiles : ICgroupFiles
{
    public void MakeDirectory(string path) => Directory.CreateDirectory(path);

    public bool TryRemoveDirectory(string path)
    {
        try
        {
            // Not recursive: the files in it are the kernel's and go with the directory.
            Directory.Delete(path, recursive: false);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public IReadOnlyList<string> Directories(string path)
    {
        try
        {
            return [.. new DirectoryInfo(path).EnumerateDirectories().Select(directory => directory.Name)];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    public string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (IOException) when (!File.Exists(path))
        {
            // Removed while it was read (ENODEV).
            return null;
        }
    }

    public void Write(string path, string value)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            file.Write(System.Text.Encoding.ASCII.GetBytes(value));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"failed to write \"{value}\" to {path}: {e.Message}", e);
        }
    }
}
