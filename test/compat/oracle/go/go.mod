module lockstep.dev/test/compat/oracle

go 1.22
