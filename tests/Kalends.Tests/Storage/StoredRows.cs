using Microsoft.Data.Sqlite;

namespace Kalends.Tests.Storage;

/// <summary>What lies in a SQLite file, read beside whoever else has it open.</summary>
internal static class StoredRows
{
    /// <summary>Each row as its values with spaces between.</summary>
    public static List<string> Of(string file, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(string.Join(' ', Enumerable.Range(0, reader.FieldCount).Select(reader.GetValue)));
        }

        return rows;
    }
}
