module bellwether.dev/benchmarks/endpoint

go 1.21
