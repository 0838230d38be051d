module github.com/httptrigger/httptrigger/route/backtrack

go 1.25.0

require (
	github.com/dlclark/regexp2/v2 v2.12.0
	github.com/httptrigger/httptrigger v0.0.0
)

replace github.com/httptrigger/httptrigger => ../..
