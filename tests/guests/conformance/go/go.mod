module conformance

go 1.24

require github.com/tenterhook/tenterhook/guest-sdk/go v0.1.0

replace github.com/tenterhook/tenterhook/guest-sdk/go => ../../../../guest-sdk/go
