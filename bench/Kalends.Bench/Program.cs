using Kalends.Bench.Load;

// load …: HTTP beside bare SQLite; anything else goes to BenchmarkDotNet, which measures the engines.
if (args is ["load", ..])
{
    return await LoadDriver.Run(LoadSettings.Parse(args[1..]));
}

BenchmarkDotNet.Running.BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
