module moontap.example/calls

go 1.18
