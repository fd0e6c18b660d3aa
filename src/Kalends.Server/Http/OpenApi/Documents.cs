using Kalends.Messages;
using Kalends.Server.Http.Bearer;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Scalar.AspNetCore;

namespace Kalends.Server.Http.OpenApi;

/// <summary>
/// The OpenAPI document, the page that shows it, and the AsyncAPI document of what is published. All are made when first asked for; the page's script comes
/// with the package, so it needs no internet. A browser cannot send a token, so they are open to all where development is switched on, and only there.
/// </summary>
internal static class Documents
{
    private const string Name = "v1";

    public static IServiceCollection AddKalendsDocument(this IServiceCollection services, IReadOnlyList<CatalogueEntry> entries) => services
        .AddOpenApi(Name, options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            options.ShouldInclude = _ => false;
            options.AddDocumentTransformer((document, _, _) =>
            {
                new CatalogueDocument(document).Describe(entries);
                return Task.CompletedTask;
            });
        });

    public static void Map(WebApplication app, bool isOpen)
    {
        var json = new Lazy<Task<byte[]>>(() => Make(app.Services));
        var document = app.MapGet("/openapi/v1.json", (RequestDelegate)(async context =>
            await Answers.WriteBytes(context, Answers.Json, await json.Value)));
        var page = app.MapScalarApiReference("/docs", options => options
            .WithTitle("Kalends").WithOpenApiRoutePattern("/openapi/{documentName}.json")
            .AddDocument(Name).HideDeveloperTools().DisableDefaultFonts().DisableTelemetry().DisableAgent().DisableMcp());
        var published = new Lazy<Task<byte[]>>(async () => System.Text.Encoding.UTF8.GetBytes((await AsyncApiDocument.Make()).ToJsonString()));
        var events = app.MapGet("/asyncapi/v1.json", (RequestDelegate)(async context =>
            await Answers.WriteBytes(context, Answers.Json, await published.Value)));
        if (isOpen)
        {
            events.WithMetadata(Anonymous.Mark);
            document.WithMetadata(Anonymous.Mark);
            page.WithMetadata(Anonymous.Mark);
        }
    }

    private static async Task<byte[]> Make(IServiceProvider services)
    {
        await using var scope = services.CreateAsyncScope();
        var document = await scope.ServiceProvider.GetRequiredKeyedService<IOpenApiDocumentProvider>(Name).GetOpenApiDocumentAsync();
        return System.Text.Encoding.UTF8.GetBytes(await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1));
    }
}
