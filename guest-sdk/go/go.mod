module github.com/tenterhook/tenterhook/guest-sdk/go

go 1.24
