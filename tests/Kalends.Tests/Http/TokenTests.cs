using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Kalends.Server.Http;
using Kalends.Server.Http.Bearer;
using Microsoft.AspNetCore.Builder;
using NodaTime;

namespace Kalends.Tests.Http;

/// <summary>Every token that must not pass, and the few that must.</summary>
public sealed class TokenTests(EdgeHost host) : IClassFixture<EdgeHost>
{
    private const string Address = "/v1/limits";

    private static long Now => SystemClock.Instance.GetCurrentInstant().ToUnixTimeSeconds();

    public static TheoryData<string, string> Wrong => new()
    {
        { "no token", "" },
        { "garbage", "Bearer garbage" },
        { "dots alone", "Bearer .." },
        { "four dots, as an encrypted one", "Bearer a.b.c.d.e" },
        { "another scheme", "Basic YW5hOmFuYQ==" },
        { "the scheme alone", "Bearer" },
        { "two in one header", $"Bearer {Token()}, Bearer {Token()}" },
        { "two behind one another", $"Bearer {Token()} {Token()}" },
        { "alg none", "Bearer " + Forge("""{"alg":"none","typ":"JWT"}""", _ => []) },
        { "alg None", "Bearer " + Forge("""{"alg":"None","typ":"JWT"}""", _ => [1]) },
        { "HS256 with the public key", "Bearer " + Forge("""{"alg":"HS256","typ":"JWT"}""", Hmac) },
        { "ES256 by another key", "Bearer " + Forge("""{"alg":"ES256","typ":"JWT"}""", OtherKey) },
        { "a kid that is a path", "Bearer " + Forge("""{"alg":"ES256","kid":"../../../../dev/null"}""", OtherKey) },
        { "a kid that is a query", "Bearer " + Forge("""{"alg":"ES256","kid":"x' UNION SELECT 'key"}""", OtherKey) },
        { "a jwk of its own", "Bearer " + Forge("""{"alg":"ES256","jwk":{"kty":"EC"},"jku":"http://127.0.0.1/"}""", OtherKey) },
        { "a payload changed after signing", "Bearer " + Changed() },
        { "a signature cut short", "Bearer " + Token()[..^4] },
        { "another audience", "Bearer " + Token(("aud", "others")) },
        { "another issuer", "Bearer " + Token(("iss", "https://others")) },
        { "an issuer that is a list", "Bearer " + Token(("iss", List("kalends-development"))) },
        { "no expiry", "Bearer " + Token(("exp", null)) },
        { "an expiry that is a text", "Bearer " + Token(("exp", "tomorrow")) },
        { "an expiry at the end of time, and no signature of ours", "Bearer " + Token(("exp", 253402300799L))[..^8] + "AAAAAAAA" },
        { "an expiry beyond all time", "Bearer " + Token(("exp", 1e300)) },
        { "expired beyond the skew", "Bearer " + Token(("exp", Now - 32)) },
        { "not valid yet, beyond the skew", "Bearer " + Token(("nbf", Now + 45)) },
        { "no subject", "Bearer " + Token(("sub", null)) },
        { "a subject too long", "Bearer " + Token(("sub", new string('x', 256))) },
        { "a subject with a line break", "Bearer " + Token(("sub", "user:ana\n")) },
        { "no tenant", "Bearer " + Token(("tenant", null)) },
        { "a tenant that is a number", "Bearer " + Token(("tenant", 7)) },
        { "a tenant too long", "Bearer " + Token(("tenant", new string('x', 101))) },
        { "no application", "Bearer " + Token(("azp", null)) },
        { "no scope", "Bearer " + Token(("scope", null)) },
        { "huge", "Bearer " + Token(("padding", new string('x', 7_000))) },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task Is_refused(string because, string authorization)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Address);
        if (authorization.Length > 0)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        var answer = await host.Stranger.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.True(answer.StatusCode == HttpStatusCode.Unauthorized, because);
        await answer.Problem(HttpStatusCode.Unauthorized, "unauthenticated");
        Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.Single().Scheme);
    }

    public static TheoryData<string, string> Routes => new(
    [
        .. Catalogue.Entries.Select(entry => new TheoryDataRow<string, string>("POST", $"/v1/{(entry.IsCommand ? "commands" : "queries")}/{entry.Name}")),
        .. Catalogue.Entries.Select(entry => new TheoryDataRow<string, string>("GET", $"/v1/{(entry.IsCommand ? "commands" : "queries")}/{entry.Name}")),
        .. Catalogue.Entries.Where(entry => entry.Path is not null)
            .Select(entry => new TheoryDataRow<string, string>("GET", entry.Path!.Replace('{', 'x').Replace('}', 'x'))),
        new("GET", Address), new("GET", "/v1/events"), new("DELETE", "/v1/nowhere"), new("GET", "/problems/invalid"),
    ]);

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Is_refused_at_every_address_alike(string method, string address)
    {
        foreach (var row in Wrong)
        {
            using var request = new HttpRequestMessage(new(method), address);
            if (row.Data.Item2.Length > 0)
            {
                request.Headers.TryAddWithoutValidation("Authorization", row.Data.Item2);
            }

            if (method == "POST")
            {
                request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
            }

            var answer = await host.Stranger.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.True(answer.StatusCode == HttpStatusCode.Unauthorized, $"{method} {address} with {row.Data.Item1}: {answer.StatusCode}");
            Assert.DoesNotContain("kalends-position", answer.Headers.Select(header => header.Key.ToLowerInvariant()));
        }
    }

    [Fact]
    public async Task A_critical_header_that_is_not_known_is_refused_though_validly_signed()
    {
        using var client = host.As(EdgeHost.Key.Sign(Claims(), new() { ["crit"] = new List<object> { "exp" } }));
        await (await client.Get(Address)).Problem(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Fact]
    public async Task Two_authorization_headers_are_refused()
    {
        var text = await host.Raw($"GET {Address} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {Token()}\r\nAuthorization: Bearer {Token()}\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 401", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_lies_within_the_skew_passes()
    {
        foreach (var token in new[] { Token(("exp", Now - 20)), Token(("nbf", Now + 25)), Token(("scope", List("kalends.read", "others"))), Token(("aud", List("a", "kalends"))) })
        {
            using var client = host.As(token);
            Assert.Equal(HttpStatusCode.OK, (await client.Get(Address)).StatusCode);
        }
    }

    [Fact]
    public async Task A_client_id_stands_in_for_azp()
    {
        using var client = host.As(Token(("azp", null), ("client_id", "batch")));
        Assert.Equal("batch", (await (await client.Get("/v1/queries/wait")).Json()).Text("app"));
    }

    [Fact]
    public async Task A_valid_token_stops_being_one_when_it_expires_though_it_was_remembered()
    {
        var clock = new SetClock(SystemClock.Instance.GetCurrentInstant());
        var key = DevelopmentKey.Open(new() { KeyFile = EdgeHost.Key.File });
        var tokens = new BearerTokens(TrustedIssuers.Of(new(), key), clock, Microsoft.Extensions.Logging.Abstractions.NullLogger<BearerTokens>.Instance);
        var token = key.Token("acme", new("user:ana"), "web", ["kalends.read"], Duration.FromSeconds(20), clock);
        Assert.Null((await tokens.Check(token, TestContext.Current.CancellationToken)).Refusal);
        clock.Now += Duration.FromSeconds(45);
        Assert.Null((await tokens.Check(token, TestContext.Current.CancellationToken)).Refusal);
        clock.Now += Duration.FromSeconds(6);
        Assert.NotNull((await tokens.Check(token, TestContext.Current.CancellationToken)).Refusal);
    }

    [Fact]
    public async Task Production_believes_the_configured_key_and_not_the_development_one()
    {
        using var rsa = RSA.Create(2048);
        var folder = Directory.CreateTempSubdirectory("kalends-");
        var file = Path.Combine(folder.FullName, "issuer.pem");
        await File.WriteAllTextAsync(file, rsa.ExportSubjectPublicKeyInfoPem(), TestContext.Current.CancellationToken);
        await using var own = await EdgeHost.Start("--environment=Production", "--Kalends:Auth:Issuer=https://issuer", $"--Kalends:Auth:KeyFile={file}");
        await (await own.Ana.Get(Address)).Problem(HttpStatusCode.Unauthorized, "unauthenticated");
        byte[] Rsa(byte[] bytes) => rsa.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        byte[] PublicKeyAsSecret(byte[] bytes) => HMACSHA256.HashData(Encoding.UTF8.GetBytes(rsa.ExportSubjectPublicKeyInfoPem()), bytes);
        using var theirs = own.As(Forge("""{"alg":"RS256","kid":"2026-1"}""", Rsa, ("iss", "https://issuer")));
        using var path = own.As(Forge("""{"alg":"RS256","kid":"/etc/passwd"}""", Rsa, ("iss", "https://issuer")));
        using var forged = own.As(Forge("""{"alg":"HS256"}""", PublicKeyAsSecret, ("iss", "https://issuer")));
        Assert.Equal(HttpStatusCode.OK, (await theirs.Get(Address)).StatusCode);
        await (await path.Get(Address)).Problem(HttpStatusCode.Unauthorized, "unauthenticated");
        await (await forged.Get(Address)).Problem(HttpStatusCode.Unauthorized, "unauthenticated");
        folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("Kalends:Auth:Authority")]
    [InlineData("must not name HS256", "--Kalends:Auth:Algorithms:0=HS256")]
    [InlineData("go together", "--Kalends:Auth:Issuer=https://issuer")]
    [InlineData("cannot be read", "--Kalends:Auth:Issuer=https://issuer", "--Kalends:Auth:KeyFile=/nowhere.pem")]
    [InlineData("Kalends:Limits:BodyBytes", "--Kalends:Limits:BodyBytes=0")]
    [InlineData("BodyBytes", "--Kalends:Limits:BodyBytes=much")]
    [InlineData("Kalends:Cache:MaximumMegabytes must be at least 1", "--Kalends:Cache:MaximumMegabytes=0")]
    public void A_host_that_could_not_serve_says_what_to_set(string says, params string[] arguments)
    {
        var fault = Assert.Throws<SettingsException>(() => KalendsHost.Build(["--environment=Production", .. arguments], new() { Store = host.Store }));
        Assert.Contains(says, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_provider_that_is_down_is_no_fault_of_the_token()
    {
        await using var own = await EdgeHost.Start("--Kalends:Auth:Authority=http://127.0.0.1:1/");
        using var client = own.As(Token(("iss", "http://127.0.0.1:1")));
        await (await client.Get(Address)).Problem(HttpStatusCode.ServiceUnavailable, "unavailable");
        Assert.Equal(HttpStatusCode.OK, (await own.Ana.Get(Address)).StatusCode);
    }

    [Fact]
    public void Programs_that_make_the_development_key_at_once_agree_and_keep_it_to_their_user()
    {
        var folder = Directory.CreateTempSubdirectory("kalends-");
        var settings = new DevelopmentSettings { KeyFile = Path.Combine(folder.FullName, "state", "key.pem") };
        var names = new string[16];
        Parallel.For(0, names.Length, index => names[index] = DevelopmentKey.Open(settings).Public.KeyId);
        Assert.Single(names.Distinct());
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(settings.KeyFile)!, "*.pem"));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(settings.KeyFile));
        }

        folder.Delete(recursive: true);
    }

    private static Dictionary<string, object> Claims(params (string Name, object? Value)[] changes)
    {
        var claims = new Dictionary<string, object>
        {
            ["iss"] = DevelopmentKey.Issuer, ["aud"] = "kalends", ["sub"] = "user:ana", ["tenant"] = "acme", ["azp"] = "web",
            ["scope"] = "kalends.read kalends.write", ["nbf"] = Now - 1, ["exp"] = Now + 600,
        };
        foreach (var (name, value) in changes)
        {
            claims.Remove(name);
            if (value is not null)
            {
                claims[name] = value;
            }
        }

        return claims;
    }

    private static List<string> List(params string[] words) => [.. words];

    private static string Token(params (string Name, object? Value)[] changes) => EdgeHost.Key.Sign(Claims(changes));

    private static string Forge(string header, Func<byte[], byte[]> sign, params (string Name, object? Value)[] changes)
    {
        var text = $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header))}.{Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(Claims(changes)))}";
        return $"{text}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(text)))}";
    }

    private static byte[] Hmac(byte[] bytes)
    {
        using var pair = ECDsa.Create();
        pair.ImportFromPem(File.ReadAllText(EdgeHost.Key.File));
        return HMACSHA256.HashData(Encoding.UTF8.GetBytes(pair.ExportSubjectPublicKeyInfoPem()), bytes);
    }

    private static byte[] OtherKey(byte[] bytes)
    {
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return pair.SignData(bytes, HashAlgorithmName.SHA256);
    }

    private static string Changed()
    {
        var parts = Token().Split('.');
        var payload = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[1])).Replace("acme", "evil", StringComparison.Ordinal);
        return $"{parts[0]}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload))}.{parts[2]}";
    }

    private sealed class SetClock(Instant now) : IClock
    {
        public Instant Now { get; set; } = now;

        public Instant GetCurrentInstant() => Now;
    }
}
