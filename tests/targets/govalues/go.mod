module moontap.example/govalues

go 1.15
