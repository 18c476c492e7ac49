using System.Security.Cryptography;
using System.Text;
using Cybernetes.Node.Runtime;
using Cybernetes.Node.Runtime.Cri;

namespace Cybernetes.Node.Simulated;

public sealed partial class SimulatedRuntime
{
    private const ulong ImageBytes = 1024 * 1024;

    private readonly Dictionary<string, Image> _images = new(StringComparer.Ordinal);

    public Task<IReadOnlyList<Image>> ListImagesAsync(CancellationToken cancellation) =>
        Answer<IReadOnlyList<Image>>("ListImages", () => [.. _images.Values.Distinct()]);

    public Task<Image?> ImageStatusAsync(ImageSpec image, CancellationToken cancellation) =>
        Answer("ImageStatus", () => _images.GetValueOrDefault(image.Image));

    public async Task<string> PullImageAsync(
        ImageSpec image, AuthConfig? credentials, PodSandboxConfig? sandboxConfig, CancellationToken cancellation)
    {
        await DelayAsync(_options.PullDelay, cancellation).ConfigureAwait(false);
        return await Answer("PullImage", () =>
        {
            var name = image.Image;
            if (!_options.CanPull(name))
            {
                throw Failed(
                    RuntimeStatusCode.NotFound,
                    $"failed to pull and unpack image \"{name}\": failed to resolve reference \"{name}\": {name}: not found");
            }

            var id = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)));
            var pulled = new Image { Id = id, RepoTags = { name }, Size = ImageBytes, Spec = new ImageSpec { Image = name } };
            _images[name] = pulled;
            _images[id] = pulled;
            return id;
        }).ConfigureAwait(false);
    }

    public Task RemoveImageAsync(ImageSpec image, CancellationToken cancellation) => Answer("RemoveImage", () =>
    {
        if (!_images.TryGetValue(image.Image, out var found))
            return false;
        foreach (var key in _images.Where(entry => entry.Value == found).Select(entry => entry.Key).ToArray())
            _images.Remove(key);
        return true;
    });

    public Task<ImageFsInfoResponse> ImageFsInfoAsync(CancellationToken cancellation) =>
        Answer("ImageFsInfo", () => new ImageFsInfoResponse
        {
            ImageFilesystems =
        {
            new FilesystemUsage
            {
                Timestamp = Now(),
                FsId = new FilesystemIdentifier { Mountpoint = "/simulated" },
                UsedBytes = new UInt64Value { Value = ImageBytes * (ulong)_images.Values.Distinct().Count() },
                InodesUsed = new UInt64Value(),
            },
        },
        });
}
