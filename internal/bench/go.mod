module github.com/httptrigger/httptrigger/internal/bench

go 1.25.0

require (
	github.com/aerogo/aero v1.3.42
	github.com/go-chi/chi/v5 v5.5.0
	github.com/go-openapi/runtime v0.19.31
	github.com/httptrigger/httptrigger v0.0.0
	github.com/julienschmidt/httprouter v1.3.1-0.20240130105656-484018016424
	github.com/sethvargo/go-limiter v1.0.0
	github.com/uptrace/bunrouter v1.0.23
	golang.org/x/sync v0.19.0
	golang.org/x/sys v0.41.0
)

require (
	github.com/aerogo/csp v0.1.10 // indirect
	github.com/aerogo/http v1.1.1 // indirect
	github.com/aerogo/linter-performance v1.0.6 // indirect
	github.com/aerogo/session v0.1.8 // indirect
	github.com/aerogo/session-store-memory v0.1.9 // indirect
	github.com/akyoto/color v1.8.11 // indirect
	github.com/akyoto/colorable v0.1.7 // indirect
	github.com/akyoto/hash v0.4.8 // indirect
	github.com/akyoto/stringutils v0.3.0 // indirect
	github.com/akyoto/tty v0.1.3 // indirect
	github.com/akyoto/uuid v1.1.3 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/stretchr/testify v1.11.1 // indirect
	github.com/zeebo/xxh3 v0.0.0-20191021174148-b56a7dc3d80c // indirect
	golang.org/x/time v0.15.0 // indirect
)

replace github.com/httptrigger/httptrigger => ../..
