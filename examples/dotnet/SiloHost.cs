// The calls of a silo in .NET, on generated stubs: register, heartbeat stream, find, leave.
using System.Reflection;
using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Quark.Version.V1;

public sealed class SiloHost
{
    private readonly VersionTracker.VersionTrackerClient tracker;
    private readonly ByteString instanceId = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(16));
    private readonly string siloId;
    private HeldIncarnation? held;
    private TimeSpan ttl;

    public SiloHost(string endpoint, string siloId)
    {
        tracker = new VersionTracker.VersionTrackerClient(GrpcChannel.ForAddress(endpoint));
        this.siloId = siloId;
    }

    public async Task RegisterAsync(string address, uint port, IEnumerable<Type> actorTypes)
    {
        var silo = new SiloInfo { SiloId = siloId, Address = address, Port = port };
        foreach (var type in actorTypes)
        {
            AssemblyName assembly = type.Assembly.GetName();
            silo.ActorTypeVersions[type.Name] =
                new AssemblyVersionInfo { Version = assembly.Version!.ToString(), AssemblyName = assembly.Name };
        }
        var answer = await tracker.RegisterSiloAsync(
            new RegisterSiloRequest { Silo = silo, InstanceId = instanceId, Held = held });
        held = new HeldIncarnation { Incarnation = answer.Silo.Incarnation, StoreId = answer.Position.StoreId };
        ttl = answer.Silo.LeaseTtl.ToTimeSpan();
    }

    // ABORTED: another process took the silo id, final. NOT_FOUND: register again.
    public async Task KeepLeaseAsync(CancellationToken stop)
    {
        using var stream = tracker.HeartbeatStream(cancellationToken: stop);
        while (!stop.IsCancellationRequested)
        {
            await stream.RequestStream.WriteAsync(
                new HeartbeatRequest { SiloId = siloId, Incarnation = held!.Incarnation }, stop);
            if (!await stream.ResponseStream.MoveNext(stop))
            {
                return;
            }
            await Task.Delay(ttl / 3, stop);
        }
    }

    public async Task<IReadOnlyList<CompatibleSilo>> FindAsync(string actorType, string version) =>
        (await tracker.FindCompatibleSilosAsync(
            new FindCompatibleSilosRequest { ActorType = actorType, Version = version, Caller = siloId })).Silos;

    public async Task LeaveAsync() =>
        await tracker.UnregisterSiloAsync(
            new UnregisterSiloRequest { SiloId = siloId, Incarnation = held!.Incarnation });
}
