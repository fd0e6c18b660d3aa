using Kalends.Publications;

namespace Kalends.Server.Redis;

/// <summary>What a host with a Redis has beside the others. Without one there is nothing of it.</summary>
internal static class RedisParts
{
    public static void Add(IServiceCollection services, RedisSettings settings)
    {
        if (!settings.IsSet)
        {
            return;
        }

        services.AddSingleton<RedisLine>()
            .AddSingleton<RedisBell>()
            .AddSingleton<WriterLease>()
            .AddSingleton<IRelay, RedisRelay>()
            .AddHostedService(provider => provider.GetRequiredService<RedisBell>())
            .AddHostedService<RelayingPublications>();
    }

    /// <summary>Has a feed rung by what other processes commit, and looked at less often while they are heard.</summary>
    public static Func<bool>? HearsOthers(IServiceProvider services) => services.GetService<RedisBell>() is { } bell ? () => bell.Hears : null;

    public static void Ring(IServiceProvider services, Feed feed) => services.GetService<RedisBell>()?.OnHeard(feed.Ring);
}
