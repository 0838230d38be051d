module github.com/httptrigger/httptrigger/trigger/oidctrigger

go 1.25.0

require github.com/httptrigger/httptrigger v0.0.0

require (
	github.com/coreos/go-oidc/v3 v3.21.0
	github.com/go-jose/go-jose/v4 v4.1.4
	github.com/google/uuid v1.6.0 // indirect
	golang.org/x/oauth2 v0.36.0 // indirect
	golang.org/x/time v0.15.0 // indirect
)

replace github.com/httptrigger/httptrigger => ../..
