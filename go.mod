module github.com/httptrigger/httptrigger

go 1.25.0

require github.com/google/uuid v1.6.0

require golang.org/x/time v0.15.0
