module moontap.example/go-play

go 1.19
