using Kalends.Storage;

namespace Kalends.Messages;

[Flags]
public enum Scopes
{
    None = 0,
    Read = 1,
    Write = 2,
    Admin = 4,
}

/// <summary>Who asks: the tenant, the person (or service), the application that speaks for them, and what their token allows at all.</summary>
public sealed record Caller(string Tenant, CalendarId Person, string App, Scopes Scopes);
