module moontap.example/gorecipes

go 1.15
