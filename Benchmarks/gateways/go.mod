module bellwether.dev/benchmarks/gateways

go 1.21
